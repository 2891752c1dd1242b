-- The signed tenant context: what verifies it, and the keys. Run by migrate.ts AS the role flis_context, which owns all of schema `context`;
-- safe to run again. No runtime role can read a key or make a signature here: there is no function that signs.

-- The keys as HMAC's padded blocks. Two at most: the current one, and the one before it until the next migration.
create table if not exists context.key (
  key_id text primary key check (key_id ~ '^[0-9a-f]{8}$'),
  inner_block bytea not null check (length(inner_block) = 64),
  outer_block bytea not null check (length(outer_block) = 64),
  since timestamptz not null
);

-- HMAC-SHA-256. It holds no secret: whoever calls it must bring the blocks. Its body is bound when it is created, so no search_path can redirect it.
create or replace function context.hmac(message bytea, inner_block bytea, outer_block bytea) returns bytea
  language sql immutable parallel safe
  return sha256(outer_block || sha256(inner_block || message));

-- The claims of this transaction's context: expiry (seconds since 1970), municipality, domains, reason, client; null when there is none.
-- Whatever is there and not in order is an error, never an empty answer: half of a transaction must not look as if there were no rows.
-- The setting is `<key id>.<HMAC in hex>.<claims, a line each>`. The place, which is the backend and the start of the transaction, is signed with the
-- claims and not carried: a context is worth nothing on another connection, nor in a later transaction of the same one.
-- Parallel restricted, because a parallel worker is another backend: the leader evaluates it, once a statement.
-- Measured: 17 µs; with claims as JSON and the keys in a condition of the query, 30.
create or replace function context.verified() returns text[]
  language plpgsql stable parallel restricted security definer
  set search_path = pg_catalog, pg_temp
as $$
declare
  token text := current_setting('app.context', true);
  place text := pg_backend_pid() || '.' || extract(epoch from transaction_timestamp());
  known context.key%rowtype;
  claims text[];
begin
  if token is null or token = '' then
    return null;
  end if;
  select * into known from context.key where key_id = substr(token, 1, 8);
  -- Digests of the two are compared: how long a comparison takes tells nothing that helps to guess a byte.
  if found and sha256(convert_to(substr(token, 9, 66), 'UTF8')) = sha256(convert_to(
    '.' || encode(context.hmac(convert_to(place || substr(token, 74), 'UTF8'), known.inner_block, known.outer_block), 'hex') || '.', 'UTF8'))
  then
    claims := string_to_array(substr(token, 75), chr(10));
    if claims[1]::int8 > extract(epoch from clock_timestamp()) then
      return claims;
    end if;
  end if;
  raise insufficient_privilege using message = 'the tenant context is not valid';
end $$;

revoke all on all tables in schema context from public;
revoke all on all functions in schema context from public;
