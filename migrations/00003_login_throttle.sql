-- +goose Up

-- One leaky bucket for each account that was logged in to without success
-- (generic cell rate algorithm, ITU-T I.371): exhausted_until is the time at
-- which the bucket is empty again; a row whose time has passed means nothing.
create table login_throttle (
    account         text primary key,
    exhausted_until timestamptz not null
);

create index login_throttle_exhausted_until on login_throttle (exhausted_until);

-- +goose Down
drop table login_throttle;
