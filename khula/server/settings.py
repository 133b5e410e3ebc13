"""Settings of the server: everything that differs between two installations is read from the environment."""

import os
import secrets
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

DATA_DIR = Path(os.environ.get("KHULA_DATA", "data")).absolute()
PACKAGE = Path(__file__).resolve().parent
DEBUG = False


def secret_key() -> str:
    """The key of this installation: given, or made once and kept in the data folder."""
    given = os.environ.get("KHULA_SECRET_KEY")
    if given:
        return given
    kept = DATA_DIR / "secret_key"
    if not kept.exists():
        DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)  # children's answers: for nobody else on this machine
        handle = os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(50))
    return kept.read_text()


def database(url: str) -> dict[str, object]:
    """`sqlite:///path` (or "" for the data folder) or `postgresql://user:password@host:port/name`."""
    parts = urlsplit(url)
    if parts.scheme in ("", "sqlite"):
        path = unquote(parts.path[1:]) if parts.path else str(DATA_DIR / "khula.sqlite3")
        return {
            "ENGINE": "khula.server.database.sqlite",
            "NAME": path,
            "OPTIONS": {
                # An acknowledged record must survive a power cut: FULL, not NORMAL.
                "init_command": (
                    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
                    "PRAGMA cache_size=-16000; PRAGMA temp_store=MEMORY;"
                ),
                "transaction_mode": "IMMEDIATE",
                "timeout": 30,
            },
            "CONN_MAX_AGE": None,
        }
    return {
        "ENGINE": "khula.server.database.postgresql",
        "NAME": unquote(parts.path[1:]),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        # Planned once and run often. A connection pooler in between must keep prepared statements (session mode).
        # What stands behind the "?" (sslmode=require) goes to the driver as it is.
        "OPTIONS": {"server_side_binding": True, "prepare_threshold": 3, **dict(parse_qsl(parts.query))},
        "CONN_MAX_AGE": None,
    }


SECRET_KEY = secret_key()
DATABASES = {"default": database(os.environ.get("KHULA_DATABASE", ""))}
ALLOWED_HOSTS = os.environ.get("KHULA_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
CSRF_TRUSTED_ORIGINS = [origin for origin in os.environ.get("KHULA_ORIGINS", "").split(",") if origin]
BEHIND_TLS = os.environ.get("KHULA_TLS", "") == "1"
if BEHIND_TLS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_HSTS_SECONDS = 31_536_000

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "khula.server.events",
    "khula.server.people",
    "khula.server.schools",
    "khula.server.consent",
    "khula.server.packs",
    "khula.server.waves",
    "khula.server.collection",
    "khula.server.cases",
    "khula.server.keyed",
    "khula.server.safeguarding",
    "khula.server.plans",
    "khula.server.services",
    "khula.server.field",
    "khula.server.dashboard",
]
MIDDLEWARE = [
    "khula.server.dashboard.page_headers.PageHeaders",
    "django.middleware.gzip.GZipMiddleware",  # adds bytes of chance to each page, against guessing secrets by length
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "khula.server.people.middleware.SessionTime",
    "khula.server.people.middleware.Language",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "khula.server.urls"
WSGI_APPLICATION = "khula.server.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "khula.server.dashboard.pages.pages",
            ],
        },
    }
]

AUTH_USER_MODEL = "people.User"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "sign_in"
LOGIN_REDIRECT_URL = "home"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True  # and after 30 idle minutes or 12 hours: people.middleware
CSRF_FAILURE_VIEW = "khula.server.dashboard.views.system.csrf_failed"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("fr", "Français")]
LOCALE_PATHS = [PACKAGE / "locale"]
FORMAT_MODULE_PATH = ["khula.server.dashboard.formats"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = os.environ.get("KHULA_TIME_ZONE", "Africa/Johannesburg")

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
WHITENOISE_MAX_AGE = 31_536_000  # every address of a static file carries its content's hash
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

#: The largest body an OpenRosa post may have; also what Collect is told.
SUBMISSION_LIMIT = 100_000_000
#: Which function follows which event; loaded late, so that `events` knows no later step.
FLOW = "khula.server.flow.FLOW"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {
            "()": "khula.server.plain_log.PlainFormatter",
            "format": "{asctime} {levelname} {name} {message}",
            "style": "{",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": "INFO"},
}
