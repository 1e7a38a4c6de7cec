-- +goose Up
-- What is known of a person's training, supervision, qualifications and languages. Rows are added and made void, never changed.
CREATE TABLE staff_records (
    id          TEXT   PRIMARY KEY,
    person      TEXT   NOT NULL,
    kind        TEXT   NOT NULL,
    topic       TEXT   NOT NULL, -- id of a topic of the requirements; empty for supervision
    minutes     BIGINT NOT NULL, -- of training and supervision
    day         BIGINT NOT NULL, -- days since 1970-01-01
    expires     BIGINT NOT NULL, -- last day of validity; 0: none
    note        TEXT   NOT NULL,
    recorded_ms BIGINT NOT NULL,
    recorded_by TEXT   NOT NULL,
    void_ms     BIGINT NOT NULL,
    void_by     TEXT   NOT NULL,
    void_why    TEXT   NOT NULL
);
CREATE INDEX staff_records_person ON staff_records (person, day);
CREATE INDEX staff_records_day ON staff_records (day, kind);

-- When a line was opened to people whose requirements lapsed: with a reason, and always with an end.
CREATE TABLE line_waivers (
    id       TEXT   PRIMARY KEY,
    line     TEXT   NOT NULL, -- empty: every line
    reason   TEXT   NOT NULL,
    from_ms  BIGINT NOT NULL,
    until_ms BIGINT NOT NULL,
    by_user  TEXT   NOT NULL,
    ended_ms BIGINT NOT NULL,
    ended_by TEXT   NOT NULL
);
CREATE INDEX line_waivers_until ON line_waivers (until_ms);
