-- A batch is stored at one moment, and its phrases share the encoder's time.
WITH newest AS (
    SELECT score.scored_at, score.encode_ms, score.scored_at - phrase.submitted_at AS waited
    FROM (SELECT * FROM annotations_score ORDER BY id DESC LIMIT %(most)s) score
    JOIN annotations_phrase phrase ON phrase.id = score.phrase_id
    WHERE score.scored_at > %(since)s
), batch AS (
    SELECT count(*) AS n, max(encode_ms) AS encode_ms FROM newest GROUP BY scored_at
)
SELECT
    (SELECT count(*) FROM newest),
    (SELECT percentile_cont(%(quantiles)s) WITHIN GROUP (ORDER BY extract(epoch FROM waited)) FROM newest),
    (SELECT percentile_cont(%(quantiles)s) WITHIN GROUP (ORDER BY n) FROM batch),
    (SELECT percentile_cont(%(quantiles)s) WITHIN GROUP (ORDER BY encode_ms / 1000) FROM batch WHERE encode_ms > 0)
