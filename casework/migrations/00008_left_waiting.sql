-- +goose Up
-- The caller's talk broke by a fault, and the caller left while waiting again: served, as far as the outcome says, and to be called back all the same.
ALTER TABLE calls ADD COLUMN left_waiting BOOLEAN NOT NULL DEFAULT FALSE;
-- Another site passed the call on to us and still has the caller: one that nobody here took is for that site to follow.
ALTER TABLE calls ADD COLUMN relayed BOOLEAN NOT NULL DEFAULT FALSE;
