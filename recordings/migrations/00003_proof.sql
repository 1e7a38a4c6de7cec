-- +goose Up
-- Of which format the file of a part is: one of format 1 is not erased by its key, only by taking every copy of its file away. It stays when the key is emptied.
ALTER TABLE recording_keys ADD COLUMN format BIGINT NOT NULL DEFAULT 2;
UPDATE recording_keys SET format = 1 WHERE NOT EXISTS (SELECT 1 FROM recording_heads h WHERE h.part = recording_keys.part);

-- When the file of an erased part was last seen in the store, before it was taken out; 0: not yet. A folder that is not mounted has no file either.
ALTER TABLE recording_stones ADD COLUMN seen_ms BIGINT NOT NULL DEFAULT 0;
CREATE INDEX recording_stones_call ON recording_stones (call_id);

-- The public keys that signed heads, of every host whose worker took parts in.
CREATE TABLE recording_signers (
    public     TEXT   PRIMARY KEY,
    host       TEXT   NOT NULL, -- where it was first seen
    first_ms   BIGINT NOT NULL,
    audited_ms BIGINT NOT NULL -- 0: not yet in the audit
);
