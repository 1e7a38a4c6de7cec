-- +goose Up
-- +goose StatementBegin
CREATE FUNCTION incident_events_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the events of an incident are append-only';
END $$;
-- +goose StatementEnd
CREATE TRIGGER incident_events_append_only BEFORE DELETE OR TRUNCATE ON incident_events EXECUTE FUNCTION incident_events_refuse();
-- The one change that is allowed: what is private is erased.
CREATE TRIGGER incident_events_erase_only BEFORE UPDATE ON incident_events FOR EACH ROW
    WHEN (NEW.words IS NOT NULL OR NEW.incident <> OLD.incident OR NEW.seq <> OLD.seq OR NEW.at_ms <> OLD.at_ms OR NEW.kind <> OLD.kind
        OR NEW.by_who <> OLD.by_who OR NEW.request <> OLD.request OR NEW.policy <> OLD.policy OR NEW.data <> OLD.data)
    EXECUTE FUNCTION incident_events_refuse();
