-- +goose Up
-- Which contacts are of high risk is asked the other way round, too: those that were, and who else called from the same number.
CREATE INDEX calls_danger ON calls (caller_ref, id) WHERE tier = 'red' OR danger;
