-- +goose Up
-- One row for each incident: a head for looking things up and for claiming deadlines. The truth is incident_events.
CREATE TABLE incidents (
    id         TEXT   PRIMARY KEY,
    seq        BIGINT NOT NULL, -- of the last event
    policy     BIGINT NOT NULL, -- version by which it lives
    state      TEXT   NOT NULL, -- open, closing, closed
    over       BOOLEAN NOT NULL, -- closed, and nothing owed
    level      TEXT   NOT NULL,
    opened_ms  BIGINT NOT NULL,
    changed_ms BIGINT NOT NULL,
    closed_ms  BIGINT NOT NULL,
    line       TEXT   NOT NULL,
    counsellor TEXT   NOT NULL,
    supervisor TEXT   NOT NULL,
    due_ms     BIGINT NOT NULL, -- the earliest deadline; 0: over
    worker     TEXT   NOT NULL, -- who has the deadline in hand
    lease_ms   BIGINT NOT NULL, -- until when
    fence      BIGINT NOT NULL  -- grows with every claim: who comes back from a sleep has a stale one
);
CREATE INDEX incidents_due ON incidents (due_ms) WHERE due_ms > 0;
CREATE INDEX incidents_live ON incidents (opened_ms, id) WHERE NOT over;
CREATE INDEX incidents_opened ON incidents (opened_ms, id);

-- What happened, in order; never changed, but that what is private can be erased.
CREATE TABLE incident_events (
    incident TEXT   NOT NULL REFERENCES incidents (id),
    seq      BIGINT NOT NULL, -- from 1, without holes
    at_ms    BIGINT NOT NULL,
    kind     TEXT   NOT NULL,
    by_who   TEXT   NOT NULL,
    request  TEXT   NOT NULL, -- the same request of an incident is there once
    policy   BIGINT NOT NULL,
    data     TEXT   NOT NULL, -- JSON; nothing private
    words    BYTEA,           -- sealed JSON; none: nothing was said, or it was erased
    PRIMARY KEY (incident, seq),
    UNIQUE (incident, request)
);
CREATE INDEX incident_events_at ON incident_events (at_ms);

-- By what an incident is found. A live key leads to one incident at most: two that are triggered at once become one.
CREATE TABLE incident_keys (
    incident TEXT    NOT NULL REFERENCES incidents (id),
    kind     TEXT    NOT NULL, -- call, ref, file, agent
    value    TEXT    NOT NULL,
    live     BOOLEAN NOT NULL, -- the incident is not closed, and this key leads to it
    PRIMARY KEY (kind, value, incident)
);
CREATE UNIQUE INDEX incident_keys_live ON incident_keys (kind, value) WHERE live;
CREATE INDEX incident_keys_incident ON incident_keys (incident);

-- Every trigger that was told, once by its source, also those that opened nothing.
CREATE TABLE incident_triggers (
    source   TEXT   PRIMARY KEY,
    at_ms    BIGINT NOT NULL,
    kind     TEXT   NOT NULL,
    level    TEXT   NOT NULL,
    call_id  TEXT   NOT NULL,
    line     TEXT   NOT NULL,
    ref      TEXT   NOT NULL,
    file     TEXT   NOT NULL,
    by_who   TEXT   NOT NULL,
    agent    TEXT   NOT NULL,
    incident TEXT   NOT NULL -- empty: none was opened
);
CREATE INDEX incident_triggers_at ON incident_triggers (at_ms);
CREATE INDEX incident_triggers_call ON incident_triggers (call_id, kind);

-- Who is to answer at a console.
CREATE TABLE incident_alerts (
    id        TEXT   PRIMARY KEY, -- incident:seq:n
    incident  TEXT   NOT NULL REFERENCES incidents (id),
    user_id   TEXT   NOT NULL,
    kind      TEXT   NOT NULL, -- alert, nudge
    step      TEXT   NOT NULL, -- for which it rings
    round     BIGINT NOT NULL,
    at_ms     BIGINT NOT NULL,
    until_ms  BIGINT NOT NULL,
    ended_ms  BIGINT NOT NULL, -- 0: rings
    seen_ms   BIGINT NOT NULL
);
CREATE INDEX incident_alerts_open ON incident_alerts (incident) WHERE ended_ms = 0;
CREATE INDEX incident_alerts_incident ON incident_alerts (incident, at_ms);

-- Whose telephone is to ring.
CREATE TABLE incident_calls (
    id        TEXT   PRIMARY KEY, -- ULID
    incident  TEXT   NOT NULL REFERENCES incidents (id),
    user_id   TEXT   NOT NULL,
    round     BIGINT NOT NULL,
    at_ms     BIGINT NOT NULL,
    until_ms  BIGINT NOT NULL,
    state     TEXT   NOT NULL, -- waiting, claimed, placed, done, withdrawn
    result    TEXT   NOT NULL,
    owner     TEXT   NOT NULL,
    lease_ms  BIGINT NOT NULL,
    placed_ms BIGINT NOT NULL,
    done_ms   BIGINT NOT NULL
);
CREATE INDEX incident_calls_open ON incident_calls (at_ms) WHERE state IN ('waiting', 'claimed', 'placed');
CREATE INDEX incident_calls_incident ON incident_calls (incident);

-- What must be done elsewhere because of an event: written with it, done by one worker, marked done.
CREATE TABLE incident_effects (
    id       TEXT   PRIMARY KEY, -- incident:seq:n
    incident TEXT   NOT NULL REFERENCES incidents (id),
    kind     TEXT   NOT NULL,
    at_ms    BIGINT NOT NULL,
    next_ms  BIGINT NOT NULL, -- not before; 0: done
    tries    BIGINT NOT NULL,
    worker   TEXT   NOT NULL,
    lease_ms BIGINT NOT NULL,
    fence    BIGINT NOT NULL,
    done_ms  BIGINT NOT NULL
);
CREATE INDEX incident_effects_next ON incident_effects (next_ms) WHERE next_ms > 0;
CREATE INDEX incident_effects_incident ON incident_effects (incident);
