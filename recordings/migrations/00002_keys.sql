-- +goose Up
-- The key of each part, wrapped for the site's public keys: all that makes its file readable. Erasing a part empties it here, and nothing else is left
-- of it. Parts of format 1 have no key of their own: for them the mark of format 1 stands here, and erasing takes their file.
CREATE TABLE recording_keys (
    part       TEXT   PRIMARY KEY,
    key_sealed BYTEA  NOT NULL, -- empty: erased
    at_ms      BIGINT NOT NULL
);
INSERT INTO recording_keys (part, key_sealed, at_ms) SELECT id, 'format 1', stored_ms FROM recordings;

-- What closes the hash chain of each part, signed by the worker that took it in.
CREATE TABLE recording_heads (
    part       TEXT   PRIMARY KEY,
    head       TEXT   NOT NULL, -- hexadecimal
    at_ms      BIGINT NOT NULL,
    signer     TEXT   NOT NULL, -- public key; empty: not signed
    signature  TEXT   NOT NULL, -- base64
    audited_ms BIGINT NOT NULL  -- 0: not yet in the audit
);
CREATE INDEX recording_heads_open ON recording_heads (at_ms) WHERE audited_ms = 0;

-- Spans and points on the time line of a part: ids and codes only.
CREATE TABLE recording_marks (
    part    TEXT   NOT NULL,
    n       BIGINT NOT NULL,
    kind    TEXT   NOT NULL,
    from_us BIGINT NOT NULL,
    to_us   BIGINT NOT NULL,
    who     TEXT   NOT NULL,
    code    TEXT   NOT NULL,
    PRIMARY KEY (part, n)
);

-- Over each part that was erased: what it was, and by whose word it went.
CREATE TABLE recording_stones (
    part       TEXT   PRIMARY KEY,
    call_id    TEXT   NOT NULL,
    head       TEXT   NOT NULL, -- of the chain, empty for format 1
    why        TEXT   NOT NULL, -- contact, retention, or as somebody gave it
    by_who     TEXT   NOT NULL,
    at_ms      BIGINT NOT NULL,
    audited_ms BIGINT NOT NULL, -- 0: not yet in the audit
    gone_ms    BIGINT NOT NULL  -- when the file was taken out of the store; 0: it lies there yet, unreadable
);
CREATE INDEX recording_stones_open ON recording_stones (at_ms) WHERE audited_ms = 0 OR gone_ms = 0;
