-- The demo warehouse: the same rows on every machine, made by arithmetic alone (no random(), no now()).
-- 3,000 customers and about 9,000 orders, with the values that break exports: commas, quotes, line breaks,
-- leading blanks, emoji, empty text beside NULL, exact decimals.

CREATE OR REPLACE TABLE customers (
  customer_id INTEGER PRIMARY KEY,
  first_name  VARCHAR NOT NULL,
  last_name   VARCHAR NOT NULL,
  email       VARCHAR,
  company     VARCHAR,
  country     VARCHAR NOT NULL,
  tier        VARCHAR,
  consented   BOOLEAN NOT NULL,
  credit      DECIMAL(12, 2),
  rating      DOUBLE,
  birthday    DATE,
  note        VARCHAR,
  created_at  TIMESTAMP NOT NULL,
  updated_at  TIMESTAMP NOT NULL
);

INSERT INTO customers
WITH words AS (
  SELECT
    ['Ada', 'Zoë', 'Łukasz', 'Jean-Luc', 'María José', 'Søren', '王芳', 'Ana "Nita"', 'Борис', 'Noor', '🦊 Fox', 'Ἰωάννης'] AS first_names,
    ['Lovelace', 'O''Brien', 'van der Berg, Jr.', 'Müller', 'D’Angelo', 'Ngũgĩ', 'Smith; Sons', 'Håkansson', '  Leading', 'Trailing  ', 'Tab	Bar', 'Çelik', 'Nguyễn'] AS last_names,
    ['Acme, Inc.', 'Quote "Q" Ltd', 'Line' || chr(10) || 'Break GmbH', 'Plain Co', '', '=SUM(A1:A9)', '#hash & sons', 'Back\slash AG', '42'] AS companies,
    ['DE', 'FR', 'GB', 'US', 'JP', 'KE', 'BR'] AS countries,
    ['gold', 'silver', 'bronze', NULL] AS tiers,
    ['Called.' || chr(13) || chr(10) || 'Will call again.', '  two blanks first', 'says "hello, world"', '', 'done ✅', '-', '\N', 'NULL'] AS notes
)
SELECT
  i AS customer_id,
  first_names[1 + (i * 7) % len(first_names)],
  last_names[1 + (i * 11) % len(last_names)],
  CASE WHEN i % 37 = 0 THEN NULL ELSE format('customer{:04d}@example.com', i) END,
  CASE WHEN i % 3 = 0 THEN NULL ELSE companies[1 + (i * 5) % len(companies)] END,
  countries[1 + (i * 13) % len(countries)],
  tiers[1 + (i * 3 + i // 7) % len(tiers)],
  i % 9 <> 0,
  CASE WHEN i % 23 = 0 THEN NULL ELSE CAST((i * 7919) % 1000003 AS DECIMAL(12, 2)) * 0.01 END,
  CASE WHEN i % 5 = 0 THEN NULL ELSE ((i * 17) % 50 + 1) / 10.0 END,
  CASE WHEN i % 4 = 0 THEN NULL ELSE DATE '1950-01-01' + CAST((i * 101) % 20000 AS INTEGER) END,
  CASE WHEN i % 6 = 0 THEN notes[1 + (i // 6) % len(notes)] END,
  TIMESTAMP '2024-01-01 08:00:00' + to_minutes(CAST((i * 379) % 900000 AS BIGINT)),
  TIMESTAMP '2026-01-01 00:00:00' + to_seconds(CAST((i * 7907) % 20000000 AS BIGINT)) + to_microseconds(CAST(i % 1000 AS BIGINT) * 1000)
FROM range(1, 3001) AS ids(i), words;

CREATE OR REPLACE TABLE orders (
  order_id    BIGINT PRIMARY KEY,
  customer_id INTEGER NOT NULL,
  ordered_at  TIMESTAMP NOT NULL,
  status      VARCHAR NOT NULL,
  total       DECIMAL(12, 2) NOT NULL
);

INSERT INTO orders
SELECT
  900000000000 + n,
  1 + (((n * 1741) % 3000) * ((n * 1741 + n // 3000) % 3000)) // 3000,
  TIMESTAMP '2025-01-01 00:00:00' + to_minutes(CAST((n * 947) % 950000 AS BIGINT)),
  ['paid', 'paid', 'paid', 'refunded', 'open'][1 + n % 5],
  CAST(500 + (n * 6131) % 49951 AS DECIMAL(12, 2)) * 0.01
FROM range(1, 9001) AS ids(n);
