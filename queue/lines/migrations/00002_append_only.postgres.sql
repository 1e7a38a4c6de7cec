-- +goose Up
-- +goose StatementBegin
CREATE FUNCTION lines_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'versions of the lines and the log of emergencies are append-only';
END $$;
-- +goose StatementEnd
CREATE TRIGGER policy_versions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON policy_versions EXECUTE FUNCTION lines_refuse();
CREATE TRIGGER emergency_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON emergency_log EXECUTE FUNCTION lines_refuse();
