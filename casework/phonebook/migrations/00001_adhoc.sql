-- +goose Up
-- Numbers that a counsellor typed for one call: sealed, and erased when they are over.
CREATE TABLE phonebook_adhoc (
    id         TEXT   PRIMARY KEY,
    call_id    TEXT   NOT NULL,
    number     BYTEA  NOT NULL, -- sealed; empty once erased
    label      BYTEA  NOT NULL, -- sealed, it may name a person; empty once erased
    by_who     TEXT   NOT NULL,
    at_ms      BIGINT NOT NULL,
    until_ms   BIGINT NOT NULL,
    erased_ms  BIGINT NOT NULL -- 0: not yet
);
CREATE INDEX phonebook_adhoc_until ON phonebook_adhoc (erased_ms, until_ms);
