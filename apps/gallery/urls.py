"""Addresses of the gallery."""

from django.urls import path

from apps.batches.downloads import FILES
from apps.codes import urls as _registers_the_id_converter  # noqa: F401
from apps.gallery import (
    batch_actions,
    batches,
    changing,
    counting,
    making,
    new_batch,
    notices,
    picture,
    printing_one,
    reissuing,
    views,
)
from apps.gallery.selection_urls import selection_patterns

app_name = "gallery"

urlpatterns = [
    path("", views.HomePage.as_view(), name="home"),
    path("codes/count/", counting.CountView.as_view(), name="count"),
    path("codes/hints/", counting.HintsView.as_view(), name="hints"),
    path("codes/<id:pk>/", views.CodePage.as_view(), name="code"),
    path("codes/<id:pk>/picture", picture.PictureView.as_view(), name="picture"),
    path("codes/<id:pk>/print/", printing_one.PrintPage.as_view(), name="print"),
    path("codes/<id:pk>/sheets.pdf", printing_one.CodeSheets.as_view(), name="code-sheets"),
    path("codes/<id:pk>/reissue/", reissuing.ReissueView.as_view(), name="reissue"),
    path("codes/<id:pk>/change/", changing.ChangeView.as_view(), name="change"),
    path("codes/<id:pk>/archive/", changing.ArchiveView.as_view(), {"is_archived": True}, name="archive"),
    path("codes/<id:pk>/restore/", changing.ArchiveView.as_view(), {"is_archived": False}, name="restore"),
    path("make/", making.MakePage.as_view(), name="make"),
    path("make/scene/", making.SceneCheck.as_view(), name="scene-check"),
    path("batches/", batches.BatchesPage.as_view(), name="batches"),
    path("batches/new/", new_batch.NewBatchPage.as_view(), name="new-batch"),
    path("batches/new/pattern/", new_batch.PatternPreview.as_view(), name="pattern-preview"),
    path("batches/ended/", notices.EndedNotice.as_view(), name="ended-batches"),
    path("batches/ended/dismiss/", notices.DismissNotice.as_view(), name="dismiss-ended"),
    path("batches/<id:pk>/", batches.BatchPage.as_view(), name="batch"),
    path("batches/<id:pk>/row/", batches.BatchRow.as_view(), name="batch-row"),
    path("batches/<id:pk>/live/", batches.BatchLive.as_view(), name="batch-live"),
    *(
        path(
            f"batches/<id:pk>/{action}/",
            batch_actions.BatchAction.as_view(),
            {"action": action},
            name=f"{action}-batch",
        )
        for action in batch_actions.ACTIONS
    ),
    *(
        path(
            f"batches/<id:pk>/file.{extension}",
            batch_actions.BatchFile.as_view(),
            {"extension": extension},
            name=f"batch-{extension}",
        )
        for extension in FILES
    ),
    *selection_patterns,
]
