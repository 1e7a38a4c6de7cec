-- +goose Up
-- Where a person is called when nobody at a console has seen an alarm; sealed.
CREATE TABLE user_telephones (
    user_id TEXT   NOT NULL PRIMARY KEY,
    number  BYTEA  NOT NULL,
    at_ms   BIGINT NOT NULL,
    by_id   TEXT   NOT NULL -- id of a person, or "cli:" and a user of the machine
);
