-- +goose Up
-- A series of follow-ups: what follows from one call at high risk.
CREATE TABLE followup_series (
    id         TEXT   PRIMARY KEY,
    source     TEXT   NOT NULL UNIQUE, -- incident:<id>, call:<id>…
    file       TEXT   NOT NULL,
    caller_ref TEXT   NOT NULL,
    call_id    TEXT   NOT NULL,
    line       TEXT   NOT NULL,
    level      TEXT   NOT NULL,
    at_ms      BIGINT NOT NULL,
    made_ms    BIGINT NOT NULL,
    by_who     TEXT   NOT NULL
);
CREATE INDEX followup_series_call ON followup_series (call_id);

-- Further sources that mean a series that was there: of the same call.
CREATE TABLE followup_joins (
    source TEXT PRIMARY KEY,
    series TEXT NOT NULL
);

CREATE TABLE followups (
    id          TEXT   PRIMARY KEY,
    series      TEXT   NOT NULL,
    rule        TEXT   NOT NULL,
    file        TEXT   NOT NULL,
    caller_ref  TEXT   NOT NULL,
    call_id     TEXT   NOT NULL,
    line        TEXT   NOT NULL,
    level       TEXT   NOT NULL,
    state       TEXT   NOT NULL, -- planned, calling, talked, done, ended
    owner       TEXT   NOT NULL,
    planned_ms  BIGINT NOT NULL,
    due_ms      BIGINT NOT NULL,
    ring_ms     BIGINT NOT NULL,
    late_ms     BIGINT NOT NULL,
    climb_ms    BIGINT NOT NULL, -- 0: never
    settle_ms   BIGINT NOT NULL, -- 0: never
    near_span   BIGINT NOT NULL, -- spans in milliseconds, of the rule by which it was made
    grace_span  BIGINT NOT NULL,
    climb_span  BIGINT NOT NULL, -- below 0: never
    call_in     TEXT   NOT NULL,
    told_ms     BIGINT NOT NULL, -- when it was written down that it is overdue
    climbed_ms  BIGINT NOT NULL, -- when it became an incident
    tries       BIGINT NOT NULL,
    presses     BIGINT NOT NULL, -- calls that were wished, one task each
    task        TEXT   NOT NULL,
    task_seq    BIGINT NOT NULL, -- of the task's attempts that were taken in
    last_ms     BIGINT NOT NULL,
    last_result TEXT   NOT NULL,
    created_ms  BIGINT NOT NULL,
    closed_ms   BIGINT NOT NULL,
    closed_by   TEXT   NOT NULL,
    why         TEXT   NOT NULL,
    UNIQUE (series, rule)
);
CREATE INDEX followups_state ON followups (state, due_ms);
CREATE INDEX followups_late ON followups (state, late_ms);
CREATE INDEX followups_settle ON followups (state, settle_ms);
CREATE INDEX followups_ref ON followups (caller_ref, state);
CREATE INDEX followups_file ON followups (file, state);
CREATE INDEX followups_call ON followups (call_id);

-- What happened to each. Rows are only added.
CREATE TABLE followup_events (
    followup TEXT   NOT NULL,
    seq      BIGINT NOT NULL, -- from 1, without holes
    at_ms    BIGINT NOT NULL,
    who      TEXT   NOT NULL,
    what     TEXT   NOT NULL,
    arg      TEXT   NOT NULL,
    ref      TEXT   NOT NULL, -- the task or call that it is about
    due_ms   BIGINT NOT NULL,
    note     BYTEA,           -- sealed
    PRIMARY KEY (followup, seq)
);
CREATE INDEX followup_events_at ON followup_events (at_ms);

-- What a person wishes, and what is safe for them: every version stays, the newest counts. Whoever is known by a file, a number or a call only is found
-- by it.
CREATE TABLE followup_wishes (
    id         TEXT   PRIMARY KEY, -- ULID, in the order of time
    file       TEXT   NOT NULL,
    caller_ref TEXT   NOT NULL,
    call_id    TEXT   NOT NULL,
    at_ms      BIGINT NOT NULL,
    by_who     TEXT   NOT NULL,
    consent    TEXT   NOT NULL, -- given, refused, not_asked
    times      TEXT   NOT NULL, -- JSON: windows of the week
    number     BYTEA,           -- sealed; none: that of the caller
    words      BYTEA            -- sealed: what to say, and not to, when somebody else answers
);
CREATE INDEX followup_wishes_file ON followup_wishes (file, at_ms);
CREATE INDEX followup_wishes_ref ON followup_wishes (caller_ref, at_ms);
CREATE INDEX followup_wishes_call ON followup_wishes (call_id, at_ms);
