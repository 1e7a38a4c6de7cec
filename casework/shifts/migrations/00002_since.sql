-- +goose Up
-- Statistics ask for the states of a span, whoever was in them.
CREATE INDEX state_times ON state_spans (since_ms);
