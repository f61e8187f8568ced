-- The last order of an operator or a verify hook about a record, as a line of text. Most rows have none, which is one byte.
ALTER TABLE idem_record ADD COLUMN audit TEXT;
UPDATE idem_meta SET value = 3 WHERE name = 'schema';
