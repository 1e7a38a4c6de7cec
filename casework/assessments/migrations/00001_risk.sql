-- +goose Up
-- What was asked and found about the danger of a call. Rows are added and never changed; a later one corrects an earlier one. Words are sealed; what is
-- counted stands open. call_id leads to the caller (calls.caller_ref) and to the file.
CREATE TABLE risk_answers (
    id      TEXT   PRIMARY KEY,
    call_id TEXT   NOT NULL,
    at_ms   BIGINT NOT NULL,
    by_user TEXT   NOT NULL,
    answer  TEXT   NOT NULL, -- present, denied, not_possible
    said    BYTEA -- why it was not possible
);
CREATE INDEX risk_answers_call ON risk_answers (call_id, at_ms, id);

CREATE TABLE risk_scales (
    id           TEXT    PRIMARY KEY,
    call_id      TEXT    NOT NULL,
    at_ms        BIGINT  NOT NULL,
    by_user      TEXT    NOT NULL,
    form         TEXT    NOT NULL,
    form_version BIGINT  NOT NULL,
    rule         TEXT    NOT NULL,
    rule_version BIGINT  NOT NULL,
    complete     INTEGER NOT NULL, -- 1: everything that is asked was answered
    total        BIGINT, -- none: the rule makes no sum
    band         TEXT    NOT NULL,
    level        TEXT    NOT NULL, -- that the band stands for; empty: none
    answers      BYTEA   NOT NULL
);
CREATE INDEX risk_scales_call ON risk_scales (call_id, at_ms, id);

CREATE TABLE risk_measures (
    id       TEXT   PRIMARY KEY,
    call_id  TEXT   NOT NULL,
    at_ms    BIGINT NOT NULL,
    by_user  TEXT   NOT NULL,
    moment   TEXT   NOT NULL, -- before, after
    hope     BIGINT, -- 0 to 100; none: not asked
    distress BIGINT,
    intent   BIGINT
);
CREATE INDEX risk_measures_call ON risk_measures (call_id, at_ms, id);

CREATE TABLE risk_levels (
    id           TEXT   PRIMARY KEY,
    call_id      TEXT   NOT NULL,
    at_ms        BIGINT NOT NULL,
    by_user      TEXT   NOT NULL,
    level        TEXT   NOT NULL,
    was          TEXT   NOT NULL, -- the level before; empty: nobody had said one
    definition   BIGINT NOT NULL, -- version of the high-risk definition
    scale        TEXT   NOT NULL, -- form whose score raised it; empty: a person did
    proposal     TEXT   NOT NULL, -- what was confirmed; empty: it was not lowered
    confirmed_by TEXT   NOT NULL,
    said         BYTEA -- the reason
);
CREATE INDEX risk_levels_call ON risk_levels (call_id, at_ms, id);

CREATE TABLE risk_proposals (
    id         TEXT   PRIMARY KEY,
    call_id    TEXT   NOT NULL,
    at_ms      BIGINT NOT NULL,
    by_user    TEXT   NOT NULL,
    was        TEXT   NOT NULL,
    level      TEXT   NOT NULL,
    definition BIGINT NOT NULL,
    said       BYTEA
);
CREATE INDEX risk_proposals_call ON risk_proposals (call_id, at_ms, id);
CREATE INDEX risk_proposals_at ON risk_proposals (at_ms);

CREATE TABLE risk_decisions (
    proposal  TEXT    PRIMARY KEY,
    at_ms     BIGINT  NOT NULL,
    by_user   TEXT    NOT NULL,
    confirmed INTEGER NOT NULL, -- 0: refused, or taken back by who proposed
    said      BYTEA
);
