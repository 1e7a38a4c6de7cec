-- +goose Up
-- What was filled in about a contact, by a form of a version. Each saving is a row: nothing is overwritten.
CREATE TABLE records (
    id           TEXT   PRIMARY KEY,
    call_id      TEXT   NOT NULL,
    form         TEXT   NOT NULL,
    form_version BIGINT NOT NULL,
    at_ms        BIGINT NOT NULL,
    author       TEXT   NOT NULL,
    chosen       TEXT   NOT NULL, -- choices, numbers, dates: what is counted, as JSON
    said         BYTEA            -- words, sealed
);
CREATE INDEX records_call ON records (call_id, form, at_ms);
CREATE INDEX records_form ON records (form, at_ms);

-- What somebody is writing: sealed whole, replaced at each pause of typing, gone when the record is saved.
CREATE TABLE record_drafts (
    call_id      TEXT   NOT NULL,
    form         TEXT   NOT NULL,
    author       TEXT   NOT NULL,
    form_version BIGINT NOT NULL,
    rev          BIGINT NOT NULL, -- the page's own numbering: what arrives late replaces nothing
    at_ms        BIGINT NOT NULL,
    sealed       BYTEA  NOT NULL,
    PRIMARY KEY (call_id, form, author)
);
CREATE INDEX record_drafts_author ON record_drafts (author, at_ms);

-- What a person in danger keeps to, in versions.
CREATE TABLE safety_plans (
    file_id  TEXT   NOT NULL,
    version  BIGINT NOT NULL,
    at_ms    BIGINT NOT NULL,
    author   TEXT   NOT NULL,
    call_id  TEXT   NOT NULL, -- in which it was made; '': outside a call
    restored BIGINT NOT NULL, -- the version whose content this is again; 0: none
    sealed   BYTEA  NOT NULL,
    PRIMARY KEY (file_id, version)
);
