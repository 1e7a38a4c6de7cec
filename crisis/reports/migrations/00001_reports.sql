-- +goose Up
-- Reports of incidents to the authority, in versions: a correction is a new one.
CREATE TABLE incident_reports (
    incident TEXT   NOT NULL,
    version  BIGINT NOT NULL, -- from 1
    policy   BIGINT NOT NULL, -- version of the policy whose form it is
    at_ms    BIGINT NOT NULL,
    by_who   TEXT   NOT NULL,
    answers  BYTEA  NOT NULL, -- sealed
    PRIMARY KEY (incident, version)
);
CREATE INDEX incident_reports_at ON incident_reports (at_ms);
