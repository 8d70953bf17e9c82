-- +goose Up

-- Where users have logged in from, see LOGIN_SOURCE: a known source has a
-- bucket of its own in login_throttle, so that failures from elsewhere do not
-- keep the owner out.
create table login_sources (
    user_id    integer     not null references users on delete cascade,
    source     text        not null,
    expires_at timestamptz not null,
    primary key (user_id, source)
);

create index login_sources_expires_at on login_sources (expires_at);

-- +goose Down
drop table login_sources;
