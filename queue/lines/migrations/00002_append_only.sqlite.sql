-- +goose Up
-- +goose StatementBegin
CREATE TRIGGER policy_versions_no_update BEFORE UPDATE ON policy_versions
BEGIN
    SELECT RAISE(ABORT, 'versions of the lines and the log of emergencies are append-only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER policy_versions_no_delete BEFORE DELETE ON policy_versions
BEGIN
    SELECT RAISE(ABORT, 'versions of the lines and the log of emergencies are append-only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER policy_versions_no_replace BEFORE INSERT ON policy_versions WHEN EXISTS (SELECT 1 FROM policy_versions WHERE n = NEW.n)
BEGIN
    SELECT RAISE(ABORT, 'versions of the lines and the log of emergencies are append-only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER emergency_log_no_update BEFORE UPDATE ON emergency_log
BEGIN
    SELECT RAISE(ABORT, 'versions of the lines and the log of emergencies are append-only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER emergency_log_no_delete BEFORE DELETE ON emergency_log
BEGIN
    SELECT RAISE(ABORT, 'versions of the lines and the log of emergencies are append-only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER emergency_log_no_replace BEFORE INSERT ON emergency_log WHEN EXISTS (SELECT 1 FROM emergency_log WHERE n = NEW.n)
BEGIN
    SELECT RAISE(ABORT, 'versions of the lines and the log of emergencies are append-only');
END;
-- +goose StatementEnd
