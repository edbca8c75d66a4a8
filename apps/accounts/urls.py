"""Addresses of logging in and of one's own account."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from apps.accounts import login, pages, password_page

app_name = "accounts"

urlpatterns = [
    path("login/", login.LoginView.as_view(), name="login"),
    # the same page: one form to guard, and one place for the second step
    path("admin/login/", login.LoginView.as_view(), name="admin-login"),
    path("login/code/", login.CodeView.as_view(), name="code"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("account/", pages.AccountPage.as_view(), name="account"),
    path("account/second-factor/", pages.SetUpPage.as_view(), name="set-up"),
    path("account/second-factor/remove/", pages.RemovePage.as_view(), name="remove"),
    path("account/backup-codes/", pages.BackupCodesPage.as_view(), name="backup-codes"),
    path("account/password/", password_page.PasswordPage.as_view(), name="password"),
    path("account/notices/", pages.DismissPage.as_view(), name="dismiss"),
    path("account/password-strength/", pages.StrengthPage.as_view(), name="password-strength"),
    path("account/again/", pages.AgainPage.as_view(), name="again"),
    path("account/sessions/", pages.EndOthersPage.as_view(), name="end-others"),
    path("account/sessions/<slug:name>/", pages.EndOnePage.as_view(), name="end-one"),
]
