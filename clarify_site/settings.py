"""Every setting, read from the environment.

docs/operators/operations.md documents each variable, and a test holds that.
"""

import os
import ssl
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from celery.schedules import schedule
from csp.constants import NONCE, NONE, SELF

from annotations.base.version import CODE_VERSION
from clarify_site import environment as read
from clarify_site.home import home
from clarify_site.logs import not_chatter

# -- What must be given ------------------------------------------------------------------------------------------------
read.check_given("SECRET_KEY", "IDENTITY_KEYS", "DATABASE_URL", "REDIS_URL", "ALLOWED_HOSTS")
SECRET_KEY = read.secret_key()
IDENTITY_KEYS = read.identity_keys()
DATABASE_URL = read.url("DATABASE_URL", "postgres", "postgresql")
REDIS_URL = read.url("REDIS_URL", "redis", "rediss")
ALLOWED_HOSTS = read.names("ALLOWED_HOSTS")

# -- What has a default ------------------------------------------------------------------------------------------------
DEBUG = read.flag("DEBUG", False)
HTTPS = read.flag("HTTPS", True)
SITE_URL = read.text("SITE_URL", f"{'https' if HTTPS else 'http'}://{ALLOWED_HOSTS[0]}").rstrip("/")
DATA_ROOT = Path(read.text("DATA_ROOT", str(home() / "data"))).resolve()
DATA_STORE = Path(read.text("DATA_STORE", str(DATA_ROOT / "contents"))).resolve()
WITHDRAWALS_ROOT = Path(read.text("WITHDRAWALS_ROOT", str(home() / "withdrawals"))).resolve()
DATA_BUCKET = read.with_extra("DATA_BUCKET", "obstore", "s3").rstrip("/")
DATA_CACHE_MB = int(read.number("DATA_CACHE_MB", 2048, 16, 1e6))
_import_root = read.text("IMPORT_ROOT")
IMPORT_ROOT = Path(_import_root).resolve() if _import_root else None
IMPORT_UPLOAD_MB = int(read.number("IMPORT_UPLOAD_MB", 2048, 1, 1e6))
IMPORT_PROCESSES = int(read.number("IMPORT_PROCESSES", min(os.cpu_count() or 1, 16), 1, 256))  # that decode images
IMPORT_ENGINE = read.text("IMPORT_ENGINE")  # ray or ray:ADDRESS; empty: the workers
REHEARSAL_URL = read.text("REHEARSAL_URL", SITE_URL).rstrip("/")
THUMBNAIL_ACCEL_PREFIX = read.text("THUMBNAIL_ACCEL_PREFIX")
DEFAULT_SIMILARITY_ENCODER = read.text("DEFAULT_SIMILARITY_ENCODER", "open_clip:ViT-L-14:openai")
DEFAULT_L2 = read.number("DEFAULT_L2", 0.01, 1e-8, 1e4)
MIN_SLICE_SIZE = int(read.number("MIN_SLICE_SIZE", 5, 1, 1e6))
WORKER_HEARTBEAT = read.text("WORKER_HEARTBEAT")  # a file that a worker's loop touches
METRICS_TOKEN = read.token("METRICS_TOKEN")
REQUIRE_TWO_FACTOR = read.flag("REQUIRE_TWO_FACTOR", True)
SIGN_IN_TRIES = int(read.number("SIGN_IN_TRIES", 5, 3, 1000))
PHRASES_PER_MINUTE = int(read.number("PHRASES_PER_MINUTE", 60, 1, 10_000))
UNVERIFIED_STARTS_PER_NETWORK = int(read.number("UNVERIFIED_STARTS_PER_NETWORK", 3, 1, 1_000_000))
LOG_LEVEL = read.text("LOG_LEVEL", "INFO").upper()

# -- Prolific: without a token, links, codes and files do the same work (docs/coordinators/prolific.md) ----------------
PROLIFIC_TOKEN = read.text("PROLIFIC_TOKEN")
_SCHEMES = ("https",) if HTTPS else ("https", "http")  # the token goes there
PROLIFIC_API = read.url("PROLIFIC_API", *_SCHEMES, default="https://api.prolific.com/api/v1")
PROLIFIC_WORKSPACE = read.text("PROLIFIC_WORKSPACE")
PROLIFIC_WEBHOOK_SECRET = read.text("PROLIFIC_WEBHOOK_SECRET")
PROLIFIC_WEBHOOK_TOLERANCE_S = read.number("PROLIFIC_WEBHOOK_TOLERANCE_S", 300, 1, 7 * 24 * 3600)
PROLIFIC_JWKS_URL = read.url(
    "PROLIFIC_JWKS_URL", *_SCHEMES, default="https://api.prolific.com/.well-known/study/jwks.json"
)
PROLIFIC_FEE_PERCENT = read.percentage("PROLIFIC_FEE_PERCENT")  # shown beside what is paid; empty: not shown
PROLIFIC_LINK_TOKEN_PARAMETER = read.text("PROLIFIC_LINK_TOKEN_PARAMETER", "prolific_token")
PROLIFIC_LINK_ISSUER = read.text("PROLIFIC_LINK_ISSUER", "https://www.prolific.com")
PROLIFIC_LINK_AUDIENCE = read.text("PROLIFIC_LINK_AUDIENCE")  # empty: the host of SITE_URL

# -- Sign-in of the staff by an OpenID Connect provider: off without an issuer (decision 66) ---------------------------
OIDC_ISSUER = read.with_extra("OIDC_ISSUER", "authlib", "oidc", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET")
OIDC_CLIENT_ID, OIDC_CLIENT_SECRET = read.text("OIDC_CLIENT_ID"), read.text("OIDC_CLIENT_SECRET")
if OIDC_ISSUER:
    OIDC_ISSUER = read.url("OIDC_ISSUER", *_SCHEMES).rstrip("/")

# -- Django ------------------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "annotations",  # before the admin, whose templates it arranges for the job
    "clarify_site.apps.ClarifyAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "csp",
    "django_otp",
    "django_otp.plugins.otp_static",
    "django_otp_webauthn",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "worker",  # its commands; nothing in it is imported by the web process
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "annotations.pages.request_metrics.RequestMetricsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "annotations.pages.middleware.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "annotations.pages.middleware.StaffSessionMiddleware",
    "django_otp.middleware.OTPMiddleware",  # asks the database for staff alone
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "annotations.pages.middleware.UnavailableMiddleware",
]

ROOT_URLCONF = "clarify_site.urls"
WSGI_APPLICATION = "clarify_site.wsgi.application"
LOGIN_URL, LOGIN_REDIRECT_URL = "admin:login", "admin:index"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
            ],
        },
    },
]

# A wait is bounded everywhere: a statement, a lock, a connection left in a transaction, a pool that is used up, and a
# server that is gone without a word, of which the kernel by itself tells after a quarter of an hour or two hours.
_POSTGRES_SILENT = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3, "tcp_user_timeout": 10_000}
_POSTGRES_LIMITS = "-c statement_timeout=30s -c lock_timeout=2s -c idle_in_transaction_session_timeout=30s"
_database: dict[str, Any] = read.env.db_url_config(DATABASE_URL)
_database["CONN_HEALTH_CHECKS"] = True
_database["OPTIONS"] = {
    **_POSTGRES_SILENT,
    **_database.get("OPTIONS", {}),
    "connect_timeout": 5,
    "pool": {"min_size": 1, "max_size": int(read.number("DATABASE_POOL_SIZE", 8, 1, 200)), "timeout": 5},
}
if read.flag("DATABASE_POOLER", False):  # PgBouncer lends a connection for one transaction: it sets the limits itself
    _database["DISABLE_SERVER_SIDE_CURSORS"] = True
else:
    _database["OPTIONS"]["options"] = _POSTGRES_LIMITS
DATABASES = {"default": _database}

PASSWORD_HASHERS = [f"annotations.staff.password_hashing.{name}" for name in ("BoundedArgon2", "BoundedPBKDF2")]
_VALIDATORS = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"{_VALIDATORS}.UserAttributeSimilarityValidator"},
    {"NAME": f"{_VALIDATORS}.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": f"{_VALIDATORS}.CommonPasswordValidator"},
    {"NAME": "annotations.staff.password_rules.GuessablePasswordValidator"},
]

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]  # of the participants' pages; staff read English
TIME_ZONE = "UTC"
FORMAT_MODULE_PATH = ["clarify_site.formats"]

STATIC_URL = "static/"
STATIC_ROOT = Path(read.text("STATIC_ROOT", str(home() / "static")))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG or read.flag("SERVE_STATIC_FROM_SOURCE", False)
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG or read.flag("SERVE_STATIC_FROM_SOURCE", False)

# -- E-mail: of alarms alone -------------------------------------------------------------------------------------------
_mail = read.mail_settings()
SENDS_EMAIL = bool(_mail)
globals().update(_mail)
DEFAULT_FROM_EMAIL = read.text("EMAIL_FROM", "clarify@localhost")
EMAIL_TIMEOUT = 10

# -- Security ----------------------------------------------------------------------------------------------------------
SESSION_COOKIE_NAME = "clarify_session"
SESSION_COOKIE_AGE = 14 * 24 * 3600  # the cookie outlives the longest visit
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "annotations.pages.error_pages.csrf_failure"
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$", r"^metrics$"]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
PROXY_COUNT = int(read.number("PROXY_COUNT", 1, 1, 10))
if read.flag("BEHIND_PROXY", HTTPS):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
FILE_UPLOAD_HANDLERS = ["annotations.pages.no_uploads.NoUploads"]  # a view that takes files sets its own
FILE_UPLOAD_MAX_MEMORY_SIZE = 11 * 2**20  # of such a view: above the largest file of submissions
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000  # a study has a tick for each of a thousand classes and more
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# -- Passkeys: an alternative to the code (decision 91), which browsers have over HTTPS and for localhost --------------
_site = urlsplit(SITE_URL)
OFFERS_PASSKEYS = _site.scheme == "https" or _site.hostname == "localhost"
OTP_WEBAUTHN_RP_ID, OTP_WEBAUTHN_RP_NAME = _site.hostname, "Clarify"
OTP_WEBAUTHN_ALLOWED_ORIGINS = [f"{_site.scheme if OFFERS_PASSKEYS else 'https'}://{_site.netloc}"]
OTP_WEBAUTHN_ALLOW_PASSWORDLESS_LOGIN = False
OTP_WEBAUTHN_EXCEPTION_LOGGER_NAME = ""  # it would log what a browser sent

# -- API ---------------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "annotations.pages.api.token_authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["annotations.pages.api.permissions.Staff"],
    "DEFAULT_FILTER_BACKENDS": ["annotations.pages.api.filters.AllowedFilters"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [],  # the API is read alone
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "annotations.pages.api.pagination.Pages",
    "EXCEPTION_HANDLER": "annotations.pages.api.error_responses.error_response",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Clarify",
    "DESCRIPTION": "What an image classifier gets wrong, in people's words.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "annotations.pages.api.schema_errors.add_errors",
    ],
    "ENUM_NAME_OVERRIDES": {
        "StudyStateEnum": "annotations.models.StudyState",
        "AssignmentStateEnum": "annotations.models.AssignmentState",
        "PhraseStateEnum": "annotations.models.PhraseState",
        "RunStateEnum": "annotations.models.RunState",
    },
}

# -- Celery: it wakes the workers. All state lives in our tables, so there is no result backend ------------------------
CELERY_BROKER_URL = REDIS_URL
if REDIS_URL.startswith("rediss://"):
    CELERY_BROKER_USE_SSL = {"ssl_cert_reqs": ssl.CERT_REQUIRED}  # by itself Celery takes any certificate
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_POOL = "solo"
CELERY_WORKER_CONSUMER = "worker.queue.broker_consumer:Consumer"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
_VISIBILITY_TIMEOUT = 3600  # above the longest task
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": _VISIBILITY_TIMEOUT,
    # A broker that is gone without a word is found out by one of these; a worker waits for it up to four times.
    "socket_timeout": 3,
    "health_check_interval": 5,
    "socket_connect_timeout": 2,
    "socket_keepalive": True,
}
CELERY_VISIBILITY_TIMEOUT = _VISIBILITY_TIMEOUT
CELERY_REDIS_SOCKET_TIMEOUT = 10
CELERY_TASK_DEFAULT_QUEUE = "maintenance"
_SWEEPS = {  # by queue: its tasks, and after how many seconds each looks for work again by itself
    "interactive": {"score_phrases": 2, "score_vocabularies": 2},
    "retrain": {"train_runs": 5, "benchmark_baselines": 30, "train_corrections": 5},
    "maintenance": {
        "end_overdue_assignments": 5,
        "watch_studies": 15,
        "expire_leases": 60,
        "erase_withdrawn": 60,
        "apply_retention": 3600,
        "remove_abandoned_uploads": 3600,
        "remove_unnamed_files": 3600,
    },
    # What waits for answers over HTTP, and so may be slow without harm to the clocks of the queue above.
    "outside": {"call_prolific": 10, "reconcile_submissions": 30, "run_rehearsals": 5},
    "embed": {
        "import_datasets": 5,
        "embed_shards": 5,
        "build_releases": 5,
        "build_image_indexes": 5,
        "search_images": 2,
        "gather_images": 2,
    },
    "analysis": {"analyse_studies": 5},
}
CELERY_TASK_ROUTES = {f"worker.{task}": {"queue": queue} for queue, tasks in _SWEEPS.items() for task in tasks}
CELERY_BEAT_SCHEDULER = "clarify_site.reminders:Reminders"
CELERY_BEAT_SCHEDULE = {
    name: {"task": name, "schedule": schedule(seconds), "options": {"expires": seconds, "ignore_result": True}}
    for tasks in _SWEEPS.values()
    for name, seconds in ((f"worker.{task}", seconds) for task, seconds in tasks.items())
}

# -- Logs: structured, without addresses, ids of people or query strings ----------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "clarify_site.logs.line_formatter"}},
    "filters": {"worth_a_line": {"()": "django.utils.log.CallbackFilter", "callback": not_chatter}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["worth_a_line"]}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "django.request": {"level": "ERROR"},
        "django.server": {"level": "ERROR"},
        "httpx2": {"level": "WARNING"},  # below, it writes each address, and those to Prolific hold ids
        "httpcore2": {"level": "WARNING"},
    },
}

# -- Errors that are reported: nowhere without an address --------------------------------------------------------------
SENTRY_DSN = read.with_extra("SENTRY_DSN", "sentry_sdk", "sentry")
if SENTRY_DSN:
    import_module("clarify_site.error_reports").start(SENTRY_DSN, CODE_VERSION)
