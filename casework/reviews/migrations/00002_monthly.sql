-- +goose Up
-- The last month, 2006-01, whose draw was filled up for those of whom too few talks had been reviewed; '': none yet.
ALTER TABLE review_place ADD COLUMN filled TEXT NOT NULL DEFAULT '';

-- What a counsellor has yet to read is counted every second.
CREATE INDEX reviews_unread ON reviews (agent) WHERE state = 'done' AND read_ms = 0;
