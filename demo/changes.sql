-- A day passes in the demo warehouse: 40 customers join, 12 leave, some are edited, new orders come in.

INSERT INTO customers
SELECT
  i,
  ['Iñaki', 'Chloé', 'Tú "Anh"', '🌻 Sol'][1 + i % 4],
  ['Etxeberria', 'Le Goff, fille', 'Nguyễn', ' Blank First'][1 + i % 4],
  format('customer{:04d}@example.com', i),
  NULL,
  ['ES', 'FR', 'VN', 'BR'][1 + i % 4],
  'bronze',
  true,
  0.00,
  NULL,
  NULL,
  NULL,
  TIMESTAMP '2026-11-02 09:00:00',
  TIMESTAMP '2026-11-02 09:00:00'
FROM range(3001, 3041) AS ids(i);

DELETE FROM orders WHERE customer_id % 250 = 17;
DELETE FROM customers WHERE customer_id % 250 = 17;

UPDATE customers SET tier = 'gold', updated_at = TIMESTAMP '2026-11-02 10:00:00' WHERE tier = 'silver' AND customer_id % 40 = 1;
UPDATE customers SET email = 'new.' || email, updated_at = TIMESTAMP '2026-11-02 10:05:00' WHERE customer_id % 300 = 4;
UPDATE customers SET note = 'moved; see "file 7"' || chr(13) || chr(10) || 'second line' WHERE customer_id % 500 = 6;
UPDATE customers SET company = '' WHERE customer_id IN (3, 6, 9);

-- Nothing but the time of the last look: delivered with the row, but no change by itself.
UPDATE customers SET updated_at = TIMESTAMP '2026-11-02 11:00:00' WHERE customer_id % 10 = 5;

INSERT INTO orders
SELECT
  900000020000 + n,
  1 + (n * 97) % 3040,
  TIMESTAMP '2026-11-02 00:00:00' + to_minutes(CAST(n * 9 AS BIGINT)),
  'paid',
  CAST(20000 + (n * 331) % 40000 AS DECIMAL(12, 2)) * 0.01
FROM range(1, 151) AS ids(n)
WHERE 1 + (n * 97) % 3040 IN (SELECT customer_id FROM customers);
