"""Every setting, by concern, read from the environment with typed reads that fail loudly (see .env.example)."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

from wxcode import __version__
from wxcode import environment as env
from wxcode.error_reports import start_reports

# --- where things are --------------------------------------------------------------------------------------

BASE_DIR = env.BASE_DIR
DATA_DIR: Path = env.load_files()

# --- secrets and debugging ---------------------------------------------------------------------------------

SECRET_KEY = env.read("SECRET_KEY", env.text)
# Fernet keys that seal AppSecrets: the first seals, all of them open. Never in the database.
WXCODE_SEAL_KEYS = env.read("WXCODE_SEAL_KEYS", env.seal_keys)
DEBUG = env.read("DEBUG", env.boolean, False)

# --- WeChat ------------------------------------------------------------------------------------------------

WECHAT_API_BASE = env.read("WECHAT_API_BASE", env.http_url, "https://api.weixin.qq.com")
# Where mini-programs marked as sandbox are sent; empty: no sandbox, such a mini-program answers with an error.
SANDBOX_URL = env.read("SANDBOX_URL", env.http_url, "")
# Seconds. WeChat's code endpoint was seen to take more than 5 s; a token call must end well inside its lease.
WECHAT_CONNECT_TIMEOUT = env.read("WECHAT_CONNECT_TIMEOUT", env.positive_number, 3.0)
WECHAT_CODE_TIMEOUT = env.read("WECHAT_CODE_TIMEOUT", env.positive_number, 15.0)
WECHAT_TOKEN_TIMEOUT = env.read("WECHAT_TOKEN_TIMEOUT", env.positive_number, 8.0)
# Open at once to WeChat, per process and proxy: batches of eight mini-programs at full speed have 400 calls under way.
WECHAT_CONNECTIONS = env.read("WECHAT_CONNECTIONS", env.positive_count, 400)
# Of a worker's batches together, each in a thread. Two cores were full at 17,400 codes a minute, which at 1.1 s are 319
# under way; it leaves connections for tokens, and 40 mini-programs with a slow WeChat once meant 3,840 threads.
BATCH_CALLS = env.read("BATCH_CALLS", env.positive_count, 384)
# The certificates that WeChat's must be signed by, as PEM; empty: the public ones that come with the packages.
WECHAT_CA_BUNDLE = env.read("WECHAT_CA_BUNDLE", env.certificates, "")
# After so many failures in a row an endpoint is left alone for so many seconds, for that mini-program; 0: never.
WECHAT_CIRCUIT_FAILURES = env.read("WECHAT_CIRCUIT_FAILURES", env.whole_number, 5)
WECHAT_CIRCUIT_SECONDS = env.read("WECHAT_CIRCUIT_SECONDS", env.positive_number, 10.0)

# --- web ---------------------------------------------------------------------------------------------------

PORT = env.read("PORT", env.port_number, 8000)
# The path below which the service is reached, such as /wxcode; empty: it has a name of its own.
SCRIPT_NAME = env.read("SCRIPT_NAME", env.url_path, "")
# None: what the server says
FORCE_SCRIPT_NAME = SCRIPT_NAME or None
ALLOWED_HOSTS = env.read("ALLOWED_HOSTS", env.host_names, ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS: list[str] = env.read("CSRF_TRUSTED_ORIGINS", env.origins, [])
ROOT_URLCONF = "wxcode.urls"
WSGI_APPLICATION = "wxcode.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    # before Django's own apps, whose commands about accounts it completes
    "apps.overview",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    # for FORM_RENDERER
    "django.forms",
    "corsheaders",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "django_object_actions",
    "django_otp",
    "apps.accounts.login_records.LoginRecordsConfig",
    "apps.miniprograms",
    "apps.clients",
    "apps.accounts",
    "apps.api",
    "apps.tokens",
    "apps.codes",
    "apps.batches",
    "apps.selections",
    "apps.gateway",
    "apps.gallery",
    "apps.backups",
    "apps.monitoring",
    "apps.sandbox",
]

MIDDLEWARE = [
    # outermost, so that its headers are the last ones: the layer in front of Django adds them there, too
    "apps.clients.rate_limits.RateLimitHeaders",
    # around everything that may refuse a request
    "wxcode.security_headers.SecurityHeaders",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "wxcode.foreign_values.ForeignValues",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    # from here on a session that is too old, or lacks its second factor, is nobody's
    "apps.accounts.gate.SessionGate",
    "apps.accounts.fresh_login.FreshLogin",
    # behind the gate, because it asks who sent the request; before any view, and the CSRF check, reads it
    "wxcode.request_size.RequestSize",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "apps.gallery.timezones.ReaderTimezone",
    "django_htmx.middleware.HtmxMiddleware",
    # innermost: turns a login that was refused into the page that says when to try again
    "axes.middleware.AxesMiddleware",
]

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            # of a room that is no Django app
            "libraries": {"stacked": "apps.tables.stacked"},
        },
    },
]

if DEBUG:
    # by default a process keeps each template that it has read
    TEMPLATES[0]["APP_DIRS"] = False
    TEMPLATES[0]["OPTIONS"]["loaders"] = [
        "django.template.loaders.filesystem.Loader",
        "django.template.loaders.app_directories.Loader",
    ]

# The usual storage looks into a cookie first, and signing it took a twentieth of the time of a code.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
# templates/ may replace the templates of Django's own widgets
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

LOGIN_URL = f"{SCRIPT_NAME}/login/"
LOGIN_REDIRECT_URL = f"{SCRIPT_NAME}/"
LOGOUT_REDIRECT_URL = f"{SCRIPT_NAME}/login/"

# --- transport security ------------------------------------------------------------------------------------

# True unless the service is only reached over plain HTTP, as under `make run` on one machine.
HTTPS_ONLY = env.read("HTTPS_ONLY", env.boolean, True)
SECURE_SSL_REDIRECT = HTTPS_ONLY
# Health checks come over plain HTTP from the same network.
SECURE_REDIRECT_EXEMPT = [rf"^{SCRIPT_NAME[1:]}/?{name}$" for name in ("healthz", "readyz", "metrics")]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS_ONLY else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS_ONLY
SECURE_HSTS_PRELOAD = HTTPS_ONLY
SESSION_COOKIE_SECURE = HTTPS_ONLY
CSRF_COOKIE_SECURE = HTTPS_ONLY
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "apps.api.problems.csrf_failure"
# True behind a proxy that sets X-Forwarded-Proto itself and drops the client's.
TRUST_PROXY_PROTO = env.read("TRUST_PROXY_PROTO", env.boolean, False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUST_PROXY_PROTO else None
# Networks of the proxies in front, whose X-Forwarded-For is believed; from everybody else it is ignored.
TRUSTED_PROXIES: list[str] = env.read("TRUSTED_PROXIES", env.networks, [])
X_FRAME_OPTIONS = "DENY"

# Browsers refuse a cookie named __Host- from a subdomain, for a path or without https; __Secure-, without https.
COOKIE_PREFIX = ("__Secure-" if SCRIPT_NAME else "__Host-") if HTTPS_ONLY else ""
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}sessionid"
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}csrftoken"
SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = LANGUAGE_COOKIE_PATH = f"{SCRIPT_NAME}/"
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SECURE = HTTPS_ONLY
LANGUAGE_COOKIE_SAMESITE = "Lax"

# A request with more in it is refused before it is read whole; uploaded tables have limits of their own (apps.batches).
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000
DATA_UPLOAD_MAX_NUMBER_FILES = 5

# --- accounts ----------------------------------------------------------------------------------------------

AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
# The first makes new hashes; a password of the second is hashed anew when its owner logs in.
PASSWORD_HASHERS = ["apps.accounts.hashers.BoundedArgon2Hasher", "django.contrib.auth.hashers.PBKDF2PasswordHasher"]
# Length and no well-known password; no rules about kinds of characters.
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "apps.accounts.password_rules.MaximumLength"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
# Who must have a second factor: off (nobody must), admin (superusers, and everybody on the admin's pages), staff.
REQUIRE_SECOND_FACTOR = env.read("REQUIRE_SECOND_FACTOR", env.second_factor, "off")
# A session ends after so many minutes without a request, and after so many hours whatever happens.
SESSION_IDLE_MINUTES = env.read("SESSION_IDLE_MINUTES", env.positive_number, 30.0)
SESSION_HOURS = env.read("SESSION_HOURS", env.positive_number, 12.0)
SESSION_COOKIE_AGE = int(SESSION_HOURS * 3600)
SESSION_COOKIE_SAMESITE = "Lax"

# Five wrong passwords for one name from one address: a quarter of an hour of pause, for that name from there.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_CLIENT_IP_CALLABLE = "apps.accounts.guard.address_of"
AXES_LOCKOUT_CALLABLE = "apps.accounts.login.locked_page"
AXES_RESET_ON_SUCCESS = True
# who tries on while locked does not prolong it: otherwise a neighbour behind the same address could
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_ENABLE_ACCESS_FAILURE_LOG = True
# apps.accounts shows its tables and writes its log lines
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "csrfmiddlewaretoken", "next"]

# Origins are allowed per API key (apps.clients.cors), never globally.
CORS_URLS_REGEX = r"^/api/"
CORS_EXPOSE_HEADERS = [
    "Retry-After",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "X-Code-Id",
    "X-Code-Reused",
    "Idempotency-Replayed",
    "Location",
    "ETag",
    "Content-Disposition",
    "Num-Used",
    "X-Request-Id",
]
CORS_ALLOW_HEADERS = ["accept", "authorization", "content-type", "x-api-key", "idempotency-key"]

# --- database ----------------------------------------------------------------------------------------------

DATABASES: dict[str, dict[str, Any]] = {
    "default": env.read(
        "DATABASE_URL",
        env.database_url,
        {"ENGINE": "django.db.backends.sqlite3", "NAME": str(DATA_DIR / "wxcode.sqlite3")},
    )
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # Without these, four writing processes lost 19 of 1,200 transactions to "database is locked"; with them none.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;",
    }
    # To open a file costs 1 ms, and whoever closes the last connection writes the whole log back: 30 ms.
    DATABASES["default"]["CONN_MAX_AGE"] = 60
else:
    # A pooled connection costs 0.4 ms, a new one 4 ms; pooling excludes CONN_MAX_AGE.
    # Who waits 3 s for one waits in vain: none is held while WeChat is asked, so the database is away.
    # Whoever looks for a server that is away does so every second; after half a minute of that, for a request only.
    # A host that swallows packets would keep whoever connects for two minutes. What the address says goes first.
    DATABASES["default"]["OPTIONS"] = {
        "connect_timeout": 5,
        **DATABASES["default"].get("OPTIONS", {}),
        "pool": {"min_size": 1, "max_size": 16, "timeout": 3, "reconnect_timeout": 30},
    }
    # A restarted server leaves dead connections in the pool: this backend tests each before it is used.
    DATABASES["default"]["ENGINE"] = "wxcode.postgresql"

# --- Redis, Celery -----------------------------------------------------------------------------------------

REDIS_URL = env.read("REDIS_URL", env.redis_url)

CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# a Redis that is full refuses what a worker writes when it connects: it waits, and does not end
CELERY_BROKER_CHANNEL_ERROR_RETRY = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_DEFAULT_QUEUE = "wxcode"
CELERY_TIMEZONE = "Asia/Shanghai"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_BEAT_SCHEDULE = {
    "refresh-due-tokens": {
        "task": "apps.tokens.tasks.refresh_due_tokens",
        "schedule": 60.0,
        # a beat that nobody took within its minute is replaced by the next one
        "options": {"expires": 55},
    },
    # finds batches whose worker died; with the lease of a run no row waits a minute
    "sweep-batches": {
        "task": "apps.batches.tasks.sweep_batches",
        "schedule": 20.0,
        "options": {"expires": 18},
    },
    "tidy-uploads": {"task": "apps.batches.tasks.tidy_uploads", "schedule": 600.0, "options": {"expires": 550}},
    # finds work on selections whose worker died
    "attend-selections": {
        "task": "apps.selections.tasks.attend_selections",
        "schedule": 20.0,
        "options": {"expires": 18},
    },
    "tidy-selections": {"task": "apps.selections.tasks.tidy_selections", "schedule": 3600.0},
    "prune-token-events": {"task": "apps.tokens.tasks.prune_token_events", "schedule": 86_400.0},
    "prune-logins": {"task": "apps.accounts.tasks.prune_logins", "schedule": 86_400.0},
    "prune-failed-attempts": {"task": "apps.codes.tasks.prune_failed_attempts", "schedule": 86_400.0},
}

# --- pictures and static files -----------------------------------------------------------------------------

MEDIA_ROOT = DATA_DIR / "media"
MEDIA_STORAGE_OPTIONS: dict[str, Any] = env.read("MEDIA_STORAGE_OPTIONS", env.json_object, {})
STORAGES: dict[str, dict[str, Any]] = {
    # "s3", or any Django storage: its dotted path; its options as a JSON object.
    "default": {
        "BACKEND": env.read("MEDIA_STORAGE", env.storage_class, "apps.codes.storage.DurableFileSystemStorage"),
        "OPTIONS": MEDIA_STORAGE_OPTIONS,
    },
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
STATIC_URL = f"{SCRIPT_NAME}/static/"
# Static files are served from the packages themselves, so there is no collectstatic step to forget.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

# --- languages and time ------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese"))]
LOCALE_PATHS = [BASE_DIR / "wxcode" / "locale"]
USE_TZ = True
FORMAT_MODULE_PATH = "wxcode.formats"
TIME_ZONE = env.read("TIME_ZONE", env.time_zone, "Asia/Shanghai")

# --- monitoring --------------------------------------------------------------------------------------------

# Who may read /metrics: networks, or whoever sends the token as bearer token. Both empty: nobody.
METRICS_NETWORKS: list[str] = env.read("METRICS_NETWORKS", env.networks, [])
METRICS_TOKEN = env.read("METRICS_TOKEN", env.text, "")

# --- HTTP API ----------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "apps.clients.authentication.ApiKeyAuthentication",
        "apps.clients.authentication.StaffSessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["apps.clients.permissions.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    # `Accept` alone decides; a format in the query would be a second way that nobody documents
    "URL_FORMAT_OVERRIDE": None,
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "apps.api.negotiation.Negotiation",
    "DEFAULT_PARSER_CLASSES": ["apps.api.parsers.BoundedJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "apps.api.pagination.NewestFirst",
    "DEFAULT_METADATA_CLASS": "apps.api.metadata.MethodsOnly",
    "DEFAULT_FILTER_BACKENDS": ["apps.api.queries.OnceFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "apps.api.schema.ProblemSchema",
    "EXCEPTION_HANDLER": "apps.api.problems.exception_handler",
    "UNAUTHENTICATED_USER": None,
}

# the head of /api/docs/, in Markdown
API_INTRODUCTION = _(
    """\
Mini-program codes and access tokens of many WeChat mini-programs.

- **Try it**: select Authorize, paste an API key (operators create keys in the admin, under API clients), open an
  operation, select Try it out.
- **First code**: `POST /api/v1/codes/` with `appid` and `scene`. The same request returns the same code.
- **Errors** are `application/problem+json`: branch on `code`, show `detail`, follow `advice`; `errors` names
  every field that is wrong. `Retry-After` comes with 429 and 503.
- **Limits**: `X-RateLimit-*` shows the remaining requests of a limited key. Send `Idempotency-Key` to make retries
  safe for a day.
- **Pages**: follow `next` of a list until it is null.
"""
)
# the names are for programs, and the page shows what they stand for
API_TAGS = {
    "codes": _("Codes"),
    "batches": _("Batches"),
    "failed-attempts": _("Failed requests"),
    "miniprograms": _("Mini-programs and access tokens"),
}
SPECTACULAR_SETTINGS = {
    "TITLE": "wxcode",
    "DESCRIPTION": API_INTRODUCTION,
    "TAGS": [{"name": name, "description": title} for name, title in API_TAGS.items()],
    "VERSION": __version__,
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    # the paths in the document are those without SCRIPT_NAME
    "SERVERS": [{"url": SCRIPT_NAME}] if SCRIPT_NAME else [],
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {},
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "apps.api.described.translate_descriptions",
    ],
}

# --- logging -----------------------------------------------------------------------------------------------

LOG_LEVEL = env.read("LOG_LEVEL", env.log_level, "INFO")
LOG_FORMAT = env.read("LOG_FORMAT", env.log_format, "line")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "wxcode.redaction.RedactingFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s: %(message)s",
        },
        "json": {"()": "wxcode.json_logs.RedactingJsonFormatter"},
    },
    "filters": {"request_id": {"()": "wxcode.request_ids.RequestIdFilter"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT, "filters": ["request_id"]},
    },
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        # at DEBUG it writes whole addresses, and WeChat wants secrets and tokens in the query
        "urllib3": {"level": "INFO"},
        # its lines hold names as they were typed, and people type passwords there
        "axes": {"level": "ERROR"},
    },
}

# Where errors are reported besides the log; empty: nowhere.
start_reports(env.read("SENTRY_DSN", env.report_address, ""))
