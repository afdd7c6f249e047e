"""PyROS, the roof: the Django project and the small things every app shares.

This package stays empty on purpose: `pyros.clock` is imported by floor 1 and by the simulators,
which must not pull Django or Celery in with it.
"""
