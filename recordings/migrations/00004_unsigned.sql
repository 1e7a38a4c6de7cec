-- +goose Up
-- Heads that came in while no key that signs was there; the worker signs them when there is one.
CREATE INDEX recording_heads_unsigned ON recording_heads (at_ms, part) WHERE signer = '';
