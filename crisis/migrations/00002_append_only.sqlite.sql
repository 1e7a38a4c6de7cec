-- +goose Up
-- +goose StatementBegin
CREATE TRIGGER incident_events_no_delete BEFORE DELETE ON incident_events
BEGIN
    SELECT RAISE(ABORT, 'the events of an incident are append-only');
END;
-- +goose StatementEnd
-- The one change that is allowed: what is private is erased.
-- +goose StatementBegin
CREATE TRIGGER incident_events_erase_only BEFORE UPDATE ON incident_events
    WHEN NEW.words IS NOT NULL OR NEW.incident <> OLD.incident OR NEW.seq <> OLD.seq OR NEW.at_ms <> OLD.at_ms OR NEW.kind <> OLD.kind
        OR NEW.by_who <> OLD.by_who OR NEW.request <> OLD.request OR NEW.policy <> OLD.policy OR NEW.data <> OLD.data
BEGIN
    SELECT RAISE(ABORT, 'the events of an incident are append-only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER incident_events_no_replace BEFORE INSERT ON incident_events
    WHEN EXISTS (SELECT 1 FROM incident_events WHERE incident = NEW.incident AND seq = NEW.seq)
BEGIN
    SELECT RAISE(ABORT, 'the events of an incident are append-only');
END;
-- +goose StatementEnd
