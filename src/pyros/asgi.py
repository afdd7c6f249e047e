"""The ASGI application that gunicorn serves."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pyros.settings")

from django.core.asgi import get_asgi_application

application = get_asgi_application()
