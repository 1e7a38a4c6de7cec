-- +goose Up
CREATE INDEX risk_levels_level ON risk_levels (level, call_id);
