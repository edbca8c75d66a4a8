"""Addresses of selections, the work on them and its files."""

from django.urls import path

from apps.gallery import selection_actions, selections

selection_patterns = [
    path("selections/", selections.SelectionsPage.as_view(), name="selections"),
    path("selections/<id:pk>/", selections.SelectionPage.as_view(), name="selection"),
    path("selections/<id:pk>/live/", selections.SelectionLive.as_view(), name="selection-live"),
    path("selections/<id:pk>/file.zip", selection_actions.SelectionPictures.as_view(), name="selection-pictures"),
    path("selections/<id:pk>/sheets/", selection_actions.SelectionSheets.as_view(), name="selection-sheets"),
    *(
        path(
            f"selections/<id:pk>/{action.value}/",
            selection_actions.SelectionChange.as_view(),
            {"action": action.value},
            name=f"{action.value}-selection",
        )
        for action in selection_actions.OPTIONS
    ),
    path("selections/jobs/<id:pk>/file.pdf", selection_actions.JobSheets.as_view(), name="job-sheets"),
    path("selections/jobs/<id:pk>/cancel/", selection_actions.CancelJob.as_view(), name="cancel-job"),
]
