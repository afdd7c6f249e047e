"""A clean beginning on servers: a simulation's database is made anew, its queues are emptied."""

from __future__ import annotations

from pyros.celery import QUEUES, app, queue_name
from pyros.config import Config, Secrets


def begin_anew(config: Config, secrets: Secrets) -> None:
    """Make the simulation's database anew and empty its queues; nothing to do where no server is used."""
    if config.database.engine == "mariadb":
        _new_database(config, secrets)
    if config.broker.kind == "rabbitmq":
        with app.connection_for_write() as connection:
            for name in QUEUES:
                bound = app.amqp.queues[queue_name(name)](connection.default_channel)
                bound.declare()
                bound.purge()


def _new_database(config: Config, secrets: Secrets) -> None:
    import MySQLdb

    table = config.database
    connection = MySQLdb.connect(host=table.host, port=table.port, user=table.user, passwd=secrets.database_password)
    try:
        cursor = connection.cursor()
        cursor.execute(f"CREATE OR REPLACE DATABASE `{table.name}` CHARACTER SET utf8mb4")
    finally:
        connection.close()
