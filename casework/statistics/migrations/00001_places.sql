-- +goose Up
-- Where the number of a call's caller belongs, as its first digits tell: a country and the Chinese name of a place, never more. A call without a row was
-- not looked at yet; empty: it cannot be told.
CREATE TABLE call_places (
    call_id TEXT PRIMARY KEY,
    country TEXT NOT NULL,
    place   TEXT NOT NULL
);
