"""The tables. Times are Unix seconds, durations seconds."""

from __future__ import annotations

VERSION = 1

TABLES = """
CREATE TABLE exchange (
    name TEXT PRIMARY KEY,
    type TEXT NOT NULL                  -- direct, topic, fanout
) WITHOUT ROWID;
INSERT INTO exchange VALUES ('amq.direct', 'direct'), ('amq.topic', 'topic'), ('amq.fanout', 'fanout');

CREATE TABLE queue (
    name TEXT PRIMARY KEY,
    exclusive_owner TEXT,               -- dies with this process
    auto_delete INTEGER NOT NULL,       -- dies with its last consumer
    message_ttl_s REAL,
    expires_after_s REAL,               -- dies when unused for so long
    used_at REAL NOT NULL
) WITHOUT ROWID;

-- Which queues an exchange feeds. A message to a fanout exchange is copied to each of them, which is
-- how broadcasts (revoke, inspect, control) reach every worker.
CREATE TABLE binding (
    exchange TEXT NOT NULL,
    routing_key TEXT NOT NULL,
    pattern TEXT NOT NULL,
    queue TEXT NOT NULL,
    PRIMARY KEY (exchange, routing_key, queue)
) WITHOUT ROWID;
CREATE INDEX binding_by_queue ON binding (queue);

CREATE TABLE message (
    id INTEGER PRIMARY KEY AUTOINCREMENT,   -- never reused: it is part of the delivery tag
    queue TEXT NOT NULL,
    priority INTEGER NOT NULL,
    payload TEXT NOT NULL,
    published_at REAL NOT NULL,
    expires_at REAL,
    owner TEXT,                             -- the process that holds it unacknowledged; null when ready
    deliveries INTEGER NOT NULL DEFAULT 0,  -- all of them, also those given back unharmed
    failures INTEGER NOT NULL DEFAULT 0     -- deliveries that ended in a rejection or in the owner's death
);
CREATE INDEX message_ready ON message (queue, priority DESC, id) WHERE owner IS NULL;
CREATE INDEX message_held ON message (owner) WHERE owner IS NOT NULL;

CREATE TABLE dead (
    id INTEGER PRIMARY KEY,
    queue TEXT NOT NULL,
    priority INTEGER NOT NULL,
    payload TEXT NOT NULL,
    published_at REAL NOT NULL,
    died_at REAL NOT NULL,
    failures INTEGER NOT NULL,
    reason TEXT NOT NULL
);

CREATE TABLE consumer (
    tag TEXT NOT NULL,
    owner TEXT NOT NULL,
    queue TEXT NOT NULL,
    doorbell TEXT NOT NULL,             -- socket name in the run folder
    PRIMARY KEY (doorbell, tag)
) WITHOUT ROWID;
CREATE INDEX consumer_by_queue ON consumer (queue);

CREATE TABLE owner (
    id TEXT PRIMARY KEY,
    pid INTEGER NOT NULL,
    boot_id TEXT NOT NULL,
    since REAL NOT NULL
) WITHOUT ROWID;

CREATE TABLE upkeep (last_at REAL NOT NULL);
INSERT INTO upkeep VALUES (0);
"""
