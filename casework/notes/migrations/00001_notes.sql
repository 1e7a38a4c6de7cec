-- +goose Up
-- What is written of a call: an append-only list of changes that only browsers can put together, and the text that they come to.
CREATE TABLE notes (
    call_id     TEXT   PRIMARY KEY,
    seq         BIGINT NOT NULL, -- of the newest change
    bytes       BIGINT NOT NULL, -- of all changes, before sealing
    text_seq    BIGINT NOT NULL, -- the newest change that the text surely has
    text_ms     BIGINT NOT NULL,
    text_by     TEXT   NOT NULL,
    text_sealed BYTEA
);
CREATE TABLE note_updates (
    call_id TEXT   NOT NULL,
    seq     BIGINT NOT NULL,
    client  TEXT   NOT NULL, -- one browser page
    clock   BIGINT NOT NULL, -- its own numbering
    author  TEXT   NOT NULL,
    at_ms   BIGINT NOT NULL,
    sealed  BYTEA  NOT NULL,
    PRIMARY KEY (call_id, seq),
    UNIQUE (call_id, client, clock)
);
