"""Django's settings, all derived from `pyros.toml` and `secrets.toml`. Nothing here is edited by hand."""

from pathlib import Path
from typing import Any

from astropy.utils import iers

from pyros import config as configuration
from pyros import current

# A night must not depend on a download: the packaged Earth-orientation table is used, however old.
iers.conf.auto_download = False
iers.conf.auto_max_age = None
iers.conf.iers_degraded_accuracy = "warn"

CONFIG = current.config()
SECRETS = configuration.load_secrets(configuration.locate())
DATA = current.data_folder()
PACKAGE = Path(__file__).resolve().parent

SECRET_KEY = SECRETS.django_secret_key or "not-secret: only loopback, no pyros.toml was made yet"
DEBUG = CONFIG.development.enabled
ALLOWED_HOSTS = CONFIG.web.allowed_hosts

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "polymorphic",
    "rest_framework",
    "rest_framework.authtoken",
    "django_filters",
    "drf_spectacular",
    "pyros.journal",
    "apps.user_manager",
    "apps.devices",
    "apps.routine_manager",
    "apps.observation_manager",
    "apps.alert_manager",
    "apps.scheduler",
    "apps.analyzer",
    "apps.monitoring",
    "apps.majordome",
    "pyros.dashboard",
    "pyros.operations",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "pyros.dashboard.middleware.ContentSecurityPolicy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "pyros.urls"
ASGI_APPLICATION = "pyros.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "pyros.dashboard.context.house",
            ],
        },
    },
]


def _sqlite(name: str) -> dict[str, Any]:
    """WAL and immediate transactions: four writers, no “database is locked” (measured in benchmarks/journal.py)."""
    return {
        "ENGINE": "pyros.sqlite",
        "NAME": DATA / f"{name}.sqlite3",
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-20000;",
        },
    }


def _mariadb() -> dict[str, Any]:
    table = CONFIG.database
    return {
        "ENGINE": "django.db.backends.mysql",
        "HOST": table.host,
        "PORT": table.port,
        "NAME": table.name,
        "USER": table.user,
        "PASSWORD": SECRETS.database_password,
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"charset": "utf8mb4", "isolation_level": "read committed"},
    }


if CONFIG.database.engine == "sqlite":
    DATABASES = {"default": _sqlite("pyros"), "telemetry": _sqlite("telemetry")}
else:
    DATABASES = {"default": _mariadb()}  # one server holds the telemetry too
DATABASE_ROUTERS = ["apps.monitoring.routers.TelemetryRouter"]
TELEMETRY_ALIAS = "telemetry" if CONFIG.database.engine == "sqlite" else "default"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "user_manager.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "tonight"
LOGOUT_REDIRECT_URL = "tonight"

LANGUAGE_CODE = "en"
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True

STATIC_URL = "/static/"
STATIC_ROOT = DATA / "static"
MEDIA_ROOT = DATA
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_AUTOREFRESH = DEBUG

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"

LOGGING_CONFIG = None  # pyros.logs sets up each process

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.LimitOffsetPagination",
    "PAGE_SIZE": 100,
}
SPECTACULAR_SETTINGS = {"TITLE": "PyROS", "VERSION": "1", "SERVE_INCLUDE_SCHEMA": False}
