-- +goose Up
-- Who asked to see a caller's number, why, and who allowed it: rows change by one step of one person at a time, looks are counted.
CREATE TABLE reveals (
    id            TEXT   PRIMARY KEY,
    call_id       TEXT   NOT NULL,
    asked_ms      BIGINT NOT NULL,
    asked_by      TEXT   NOT NULL,
    state         TEXT   NOT NULL, -- asked, approved, refused, emergency
    decided_ms    BIGINT NOT NULL,
    decided_by    TEXT   NOT NULL,
    until_ms      BIGINT NOT NULL, -- of asked: until when it may be decided; of approved and emergency: until when it may be looked at
    looks         BIGINT NOT NULL,
    reviewed_ms   BIGINT NOT NULL, -- of an emergency: when another person looked at it
    reviewed_by   TEXT   NOT NULL,
    justified     BOOLEAN NOT NULL,
    reason        BYTEA  NOT NULL, -- sealed
    answer        BYTEA            -- why it was refused, or what the review says
);
CREATE INDEX reveals_state ON reveals (state, until_ms);
CREATE INDEX reveals_by ON reveals (asked_by, asked_ms);
