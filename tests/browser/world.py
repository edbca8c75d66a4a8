"""What the browser finds when every page is looked at: codes, batches in each state, healthy and sick mini-programs."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group, User
from django.utils import timezone

from apps.batches import engine
from apps.batches.models import BatchItem, BatchLimit, BatchState, CodeBatch, ItemState
from apps.batches.ordering import BatchOrder, create_batch
from apps.clients.services import create_client
from apps.codes.models import Door, FailedAttempt, IssuedCode
from apps.codes.requests import Issuer
from apps.errors import WxcodeError
from apps.gateway.models import OpenDoor
from apps.miniprograms.models import MiniProgram
from apps.selections.choosing import choose_found
from apps.selections.jobs import announce, start_job
from apps.selections.models import Action, Selection
from apps.tokens.services import get_access_token
from apps.wechat.types import LineColor
from tests.integration.batches.conftest import source_of
from tests.integration.gallery.staff import issue
from tests.parts import make_miniprogram

PAGES = ["pages/index/index", "pages/table/table", "pages/exhibit/show", "pages/bike/unlock"]
NAMES = {
    "wx5a1e0c4b7d2f9388": "Lantern Tea House",
    "wxc3b28e6f01d74a95": "城市博物馆 City Museum",
    "wx90f7d3a6e25b1c84": "Two Wheels",
}
SICK_APPID = "wx27d0b9f4a8c6135e"
TEA = [f"Table {number}" for number in range(1, 13)] + ["靠窗 3 号桌", "外带取餐", "Terrace 1", "Terrace 2"]
ART = ["Bronze hall", "青铜器展厅", "Ming vases", "Audio guide", "Gift shop", "Cloakroom", "Rear garden", "Cinema"]


@dataclass(frozen=True)
class World:
    """The rows whose pages are opened."""

    staff: User
    code: IssuedCode
    tea: MiniProgram
    sick: MiniProgram
    batches: dict[str, CodeBatch]
    selection: Selection


def make_codes(sandbox: Any) -> IssuedCode:
    """60 codes of three mini-programs; answers the one to open."""
    for number, (appid, name) in enumerate(NAMES.items()):
        sandbox.register(appid, f"{number:032d}", released_pages=PAGES)
        make_miniprogram(appid=appid, name=name, secret=f"{number:032d}", default_page=PAGES[number + 1])
    tea, art, bikes = (MiniProgram.objects.get(appid=appid) for appid in NAMES)
    for number in range(1, 36):
        issue(bikes, f"b={number:05d}&s=7f{number:02d}", page=PAGES[3], by="client:bike-backend")
    for number, label in enumerate(ART):
        version = "trial" if number in (2, 5) else "release"
        issue(art, f"room={number + 1}&from=wall", page=PAGES[2], label=label, env_version=version)
    for number, label in enumerate(TEA, start=1):
        look: dict[str, Any] = {"line_color": LineColor(11, 122, 69)} if number % 4 == 0 else {}
        issue(tea, f"table={number}", page=PAGES[1], label=label, by="staff:li.wei", **look)
    issue(art, "poster=autumn", page=PAGES[2], label="Autumn poster 秋季海报", is_hyaline=True, width=860)
    found = list(IssuedCode.objects.all())
    for position, code in enumerate(found):
        code.issued_at = timezone.now() - timedelta(minutes=7 * position**1.5)
    IssuedCode.objects.bulk_update(found, ["issued_at"])
    opened: IssuedCode = IssuedCode.objects.get(label="靠窗 3 号桌")
    return opened


def order(miniprogram: MiniProgram, name: str, count: int, *, by: str, label: str = "", **fields: Any) -> CodeBatch:
    """A batch as it looks with `fields`; nobody works on it."""
    rows = [{"scene": f"n={number}&of={count}", "label": f"{label} {number}".strip()} for number in range(count)]
    issuer = Issuer(label=by, door=Door.GALLERY)
    batch, _report = create_batch(BatchOrder(miniprogram, name, source_of(*rows), issuer, {"page": PAGES[1]}))
    CodeBatch.objects.filter(pk=batch.pk).update(**fields)
    return batch


def make_batches(scale: float) -> dict[str, CodeBatch]:
    """One batch in each state, the waiting ones with `scale` of their rows; `done` has really run."""

    def part(count: int) -> int:
        return int(count * scale)

    tea, art, bikes = (MiniProgram.objects.get(appid=appid) for appid in NAMES)
    now = timezone.now()
    done = order(tea, "Tables, spring 2026", 28, by="staff:anna", label="Table")
    BatchItem.objects.filter(batch=done, row__in=(9, 17)).update(page="pages/none/none")
    engine.ensure_run(tea.pk)
    engine.wait_for_runs(30)
    seat = order(art, "座位牌 Seats", part(400), by="staff:li.wei", state=BatchState.CANCELLED, issued=part(131))
    held = order(art, "Congress badges", part(1200), by="staff:anna", issued=part(420), state=BatchState.HELD)
    reason = {
        "hold_code": "wechat_refused_credentials",
        "hold_errcode": 40164,
        "hold_rid": "6560e2ab-1c9f3b1e-7d2a51ce",
        "hold_detail": "WeChat does not accept calls from this address.",
        "hold_advice": "Add 203.0.113.7 to the IP whitelist of the mini-program in the WeChat console.",
        "resume_at": now + timedelta(seconds=90),
    }
    CodeBatch.objects.filter(pk=held.pk).update(**reason)
    paused = order(tea, "Terrace and garden", 64, by="staff:li.wei", issued=20, state=BatchState.PAUSED)
    issued = part(5310)
    pace = [[now.timestamp() - 55, part(610)], [now.timestamp() + 600, issued + 10]]
    given = {"issued": issued, "failed": 12, "pace": pace}
    running = order(bikes, "Locks of the north depot", part(9000), by="staff:anna", **given)
    for minutes, batch in enumerate((done, seat, held, paused)):
        CodeBatch.objects.filter(pk=batch.pk).update(created_at=now - timedelta(minutes=310 - 64 * minutes))
    BatchItem.objects.filter(batch=seat).update(state=ItemState.CANCELLED)
    return {"done": done, "held": held, "paused": paused, "running": running, "cancelled": seat}


def make_world(sandbox: Any, staff: User, *, scale: float = 1) -> World:
    """Everything above, and a row for every page of the admin: tokens, an error, API keys, the audit trail."""
    code = make_codes(sandbox)
    batches = make_batches(scale)
    tea = code.miniprogram
    for miniprogram in MiniProgram.objects.all():
        get_access_token(miniprogram, requested_by="beat")
    sandbox.register(SICK_APPID, "9" * 32, released_pages=PAGES)
    sick = make_miniprogram(appid=SICK_APPID, name="Rainbow Laundry", secret="9" * 32, default_page=PAGES[0])
    sandbox.fault("ip_not_allowed")
    with suppress(WxcodeError):
        get_access_token(sick, requested_by="client:laundry")
    sandbox.clear_faults()
    issue(tea, "", kind="limited", page="", path="pages/table/table?n=1", label="Window sticker")
    with suppress(WxcodeError):
        issue(tea, "table=99", page="pages/none/none", by="client:till")
    assert FailedAttempt.objects.exists()
    create_client(name="bike-backend", scopes=["codes:create", "codes:read"], appids=list(NAMES)[2:])
    till, _key = create_client(name="till", scopes=["tokens:read"], networks=["10.20.0.0/16"])
    OpenDoor.objects.create(door="qrcode", networks=["127.0.0.1/32"])
    BatchLimit.objects.create(client=till, max_rows=500, max_open=2)
    Group.objects.create(name="Front desk")
    said = [{"changed": {"fields": ["Name"]}}]
    for row in (tea, sick, till):
        kind = type(row).objects.filter(pk=row.pk)
        LogEntry.objects.log_actions(staff.pk, kind, CHANGE, change_message=said, single_object=True)
    chosen = [code.pk for code in IssuedCode.objects.filter(miniprogram=tea)]
    selection = choose_found(staff.pk, chosen, search=f"?q=table&miniprogram={tea.appid}")
    announce([start_job(selection, Action.TAG, {"tags": ["terrace", "2026"]})])
    return World(staff=staff, code=code, tea=tea, sick=sick, batches=batches, selection=selection)
