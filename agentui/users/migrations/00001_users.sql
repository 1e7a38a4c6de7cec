-- +goose Up
CREATE TABLE users (
    id         TEXT    NOT NULL PRIMARY KEY,
    username   TEXT    NOT NULL UNIQUE, -- lower case
    name       TEXT    NOT NULL,
    role       TEXT    NOT NULL,
    password   TEXT    NOT NULL,        -- argon2id, encoded with its parameters
    skills     TEXT    NOT NULL,        -- JSON object: skill name to level
    locale     TEXT    NOT NULL,
    disabled   BOOLEAN NOT NULL,
    created_at BIGINT  NOT NULL
);

CREATE TABLE sessions (
    token_hash TEXT   NOT NULL PRIMARY KEY, -- SHA-256 of the cookie's token: a stolen table opens no session
    data       BYTEA  NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE INDEX sessions_expires_at ON sessions (expires_at);

-- +goose Down
DROP TABLE sessions;
DROP TABLE users;
