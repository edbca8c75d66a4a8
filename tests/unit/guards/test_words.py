"""The words of docs/glossary.md: texts of the interface and documents have none of those that it replaces."""

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.wechat.errcodes import ALL_ERRCODES
from tests.unit.guards.test_translations import BASE_DIR, read_catalogue

# what is not said -> what is said
ENGLISH = {
    r"\bpictures?\b": "image, or code",
    r"\b(draw|draws|drawn|drew)\b": "create, regenerate",
    r"\banew\b|\bonce more\b": "again",
    r"\bmend(s|ed|ing)?\b": "fix",
    r"\btelephones?\b": "phone",
    r"\bfor (life|ever|good|its life)\b": "lifetime, “can’t be undone”",
    r"\b(spends?|spent)\b": "use up",
    r"\bunless told\b": "default",
    r"\ballow-list\b": "IP whitelist",
    r"\bopen doors?\b": "keyless access",
    r"\b(sealed|seals)\b(?!:)": "encrypted",
    r"\bmay (not|only)\b": "can’t, can only, must not",
    r"\bswitch(ed)? (it )?off\b": "inactive, deactivate",
    r"\bpunish": "penalise",
    r"\b(thief|thieves|knocks? out)\b": "token conflict, invalidate",
    r"\b(hand|hands|handed) out\b": "return",
    r"\b(die|dies|died)\b": "stop, expire",
    r"\bholds\b": "contain",
    r"(?<!\w)(Empty|Off|On): ": "Leave blank …, When off, …",
    r"\bbr(ing|ought) back\b": "restore",
    r"\bin trouble\b|\bneeds? you\b": "failing, action needed",
    r"\b(goes on|go on)\b": "continue, resume",
    r"\bclear(s|ed)? the quota\b|\blive quota\b": "reset API quotas, API quota",
    r"[a-z]'[a-z]": "’, the one apostrophe",
}
CHINESE = {
    "批次": "批量任务",
    "第二因素": "两步验证",
    # of a certificate it is the term
    "(?<!证书)吊销": "停用",
    "不限量|不限数量": "不限制的小程序码",
    "名额|终身额度|有限码": "永久额度",
    "可公开的密钥": "前端密钥",
    "游标": "cursor",
    "图片存储": "媒体存储",
    "透明背景": "透明底色",
    "方形二维码": "小程序二维码",
    "运维人员": "管理员",
    "密封": "加密",
    "场景值": "scene 值",
    "体验者": "体验成员",
    "开放入口": "免密钥接口",
    "旧服务": "旧系统接口",
    "绘制": "生成",
    "签发": "生成",
    "[「」]": "“”",
    # a comma may separate values that are typed; it does not separate clauses
    r"[\u4e00-\u9fff][;?!]|[\u4e00-\u9fff],.*。": "全角标点",
}
# what says a rule or a name, not a text
ALLOWED = re.compile(r"`[^`]*`|\]\([^)]*\)")


def offenders(texts: dict[str, str], words: dict[str, str]) -> list[str]:
    """Where, which word, and the word for it."""
    found = []
    for where, text in texts.items():
        for pattern, instead in words.items():
            if hit := re.search(pattern, text):
                found.append(f"{where}: “{hit[0]}” is “{instead}”")
    return found


def errcodes(ending: str) -> Iterator[str]:
    for entry in ALL_ERRCODES.values():
        for field in dataclasses.fields(entry):
            if field.name.endswith(ending):
                yield getattr(entry, field.name)


def documents() -> Iterator[Path]:
    for path in [*BASE_DIR.glob("README*.md"), *sorted((BASE_DIR / "docs").rglob("*.md"))]:
        if path.name not in {"glossary.md", "glossary.zh-CN.md"}:
            yield path


def test_the_texts_of_the_interface_keep_the_glossary():
    catalogue = read_catalogue()
    english = [text for entry in catalogue.values() for text in {entry.fields["msgid"], entry.original}]
    assert not offenders({text: text for text in [*english, *errcodes("_en")]}, ENGLISH)
    chinese = [entry.translation for entry in catalogue.values()]
    assert not offenders({text: text for text in [*chinese, *errcodes("_zh")]}, CHINESE)


def words_of(path: Path) -> dict[str, str]:
    if path.name.endswith(".zh-CN.md"):
        return CHINESE
    # an apostrophe may stand in a program of a document
    return {pattern: instead for pattern, instead in ENGLISH.items() if "'" not in pattern}


@pytest.mark.parametrize("path", list(documents()), ids=lambda path: str(path.relative_to(BASE_DIR)))
def test_the_documents_keep_the_glossary(path):
    text = ALLOWED.sub(
        "", re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    )
    assert not offenders({path.name: text}, words_of(path))
