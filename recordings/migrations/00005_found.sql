-- +goose Up
-- Recordings are looked for by person and by line; without these every look went through all of them.
CREATE INDEX recordings_agent ON recordings (agent, started_ms, call_id);
CREATE INDEX recordings_line ON recordings (line, started_ms, id);
