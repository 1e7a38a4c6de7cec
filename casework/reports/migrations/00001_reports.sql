-- +goose Up
-- Whether harm is done to a minor, and what was reported of it: a task for each minor of a call, which one person alone cannot put aside.
CREATE TABLE minor_reports (
    id            TEXT    PRIMARY KEY,
    call_id       TEXT    NOT NULL,
    file_id       TEXT    NOT NULL,
    line          TEXT    NOT NULL,
    child         BOOLEAN NOT NULL, -- under 14
    opened_ms     BIGINT  NOT NULL,
    opened_by     TEXT    NOT NULL,
    harm          TEXT    NOT NULL, -- '': not asked yet; none, suspected
    harm_ms       BIGINT  NOT NULL,
    harm_by       TEXT    NOT NULL,
    state         TEXT    NOT NULL, -- open, proposed, closed
    due_ms        BIGINT  NOT NULL,
    outcome       TEXT    NOT NULL, -- none, reported, dismissed; of a proposal or a closed one
    proposed_ms   BIGINT  NOT NULL,
    proposed_by   TEXT    NOT NULL,
    closed_ms     BIGINT  NOT NULL,
    closed_by     TEXT    NOT NULL,
    guardian      TEXT    NOT NULL, -- '', consent, emergency, refused
    guardian_ms   BIGINT  NOT NULL,
    guardian_by   TEXT    NOT NULL,
    UNIQUE (call_id, file_id)
);
CREATE INDEX minor_reports_state ON minor_reports (state, due_ms);
CREATE INDEX minor_reports_file ON minor_reports (file_id, opened_ms);

-- What was said of it, in order; words are sealed.
CREATE TABLE minor_report_acts (
    id     TEXT   PRIMARY KEY,
    report TEXT   NOT NULL,
    kind   TEXT   NOT NULL,
    at_ms  BIGINT NOT NULL,
    by_id  TEXT   NOT NULL,
    what   TEXT   NOT NULL, -- the harm, outcome or guardian's word that was said
    sealed BYTEA
);
CREATE INDEX minor_report_acts_report ON minor_report_acts (report, at_ms);
