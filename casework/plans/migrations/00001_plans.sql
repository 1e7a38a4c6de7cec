-- +goose Up
-- One plan for each caller who calls again and again, shared by all counsellors: every version stays.
CREATE TABLE plans (
    caller_ref TEXT   NOT NULL,
    version    BIGINT NOT NULL,
    at_ms      BIGINT NOT NULL,
    author     TEXT   NOT NULL,
    restored   BIGINT NOT NULL, -- the version whose text this is again; 0: none
    sealed     BYTEA  NOT NULL,
    PRIMARY KEY (caller_ref, version)
);
