-- +goose Up
-- What a link opens: the wall display, or the public statistics. A link of before opened both; it goes on as one of a display only, since nobody can tell
-- to whom it was given. A console of before makes links of displays.
ALTER TABLE walls ADD COLUMN purpose TEXT NOT NULL DEFAULT 'wall'; -- wall, public
