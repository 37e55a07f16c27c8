BEGIN TRANSACTION;
CREATE TABLE account (
    id INTEGER PRIMARY KEY,
    provider TEXT NOT NULL, name TEXT NOT NULL, host TEXT NOT NULL,
    UNIQUE (provider, name, host)
) STRICT;
INSERT INTO "account" VALUES(1,'bigmodel','default','open.bigmodel.cn');
CREATE TABLE attempt (
    id INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES account,
    sku TEXT NOT NULL, variant TEXT NOT NULL, take INTEGER NOT NULL,
    number INTEGER NOT NULL,
    state TEXT NOT NULL,
    request_id TEXT NOT NULL UNIQUE,
    fingerprint TEXT NOT NULL,
    model TEXT NOT NULL,
    price_milli INTEGER NOT NULL CHECK (price_milli >= 0),
    currency TEXT NOT NULL,
    request TEXT NOT NULL,
    purses TEXT NOT NULL,
    run_id TEXT NOT NULL REFERENCES run,
    order_id INTEGER REFERENCES purchase_order,
    created_at REAL NOT NULL, submitted_at REAL, finished_at REAL, downloaded_at REAL,
    task_id TEXT,
    error_code TEXT, error TEXT,
    video_url TEXT, cover_url TEXT, url_expires_at REAL,
    file TEXT, sha256 TEXT, size_bytes INTEGER,
    width INTEGER, height INTEGER, duration_s REAL,
    UNIQUE (account_id, sku, variant, take, number),
    UNIQUE (account_id, task_id)
) STRICT;
INSERT INTO "attempt" VALUES(1,1,'SKU-0-intent','main',1,1,'intent','request-0','v1:0','vidu2-image',1250,'CNY','{"prompt": "spins"}','[["run", "run-1"], ["job", "spring"], ["day", "2026-11-23"], ["month", "2026-11"], ["sku", "SKU-0-intent"], ["by:campaign", "x"]]','run-1',NULL,1795377601.0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "attempt" VALUES(2,1,'SKU-1-unknown','main',1,1,'unknown','request-1','v1:1','vidu2-image',1250,'CNY','{"prompt": "spins"}','[["run", "run-1"], ["job", "spring"], ["day", "2026-11-23"], ["month", "2026-11"], ["sku", "SKU-1-unknown"], ["by:campaign", "x"]]','run-1',NULL,1795377602.0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "attempt" VALUES(3,1,'SKU-2-rejected','main',1,1,'rejected','request-2','v1:2','vidu2-image',1250,'CNY','{"prompt": "spins"}','[["run", "run-1"], ["job", "spring"], ["day", "2026-11-23"], ["month", "2026-11"], ["sku", "SKU-2-rejected"], ["by:campaign", "x"]]','run-1',NULL,1795377604.0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "attempt" VALUES(4,1,'SKU-3-refused','main',1,1,'refused','request-3','v1:3','vidu2-image',1250,'CNY','{"prompt": "spins"}','[["run", "run-1"], ["job", "spring"], ["day", "2026-11-23"], ["month", "2026-11"], ["sku", "SKU-3-refused"], ["by:campaign", "x"]]','run-1',NULL,1795377606.0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "attempt" VALUES(5,1,'SKU-4-accepted','main',1,1,'accepted','request-4','v1:4','vidu2-image',1250,'CNY','{"prompt": "spins"}','[["run", "run-1"], ["job", "spring"], ["day", "2026-11-23"], ["month", "2026-11"], ["sku", "SKU-4-accepted"], ["by:campaign", "x"]]','run-1',NULL,1795377608.0,1795377608.0,NULL,NULL,'task-4',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "attempt" VALUES(6,1,'SKU-5-stalled','main',1,1,'stalled','request-5','v1:5','vidu2-image',1250,'CNY','{"prompt": "spins"}','[["run", "run-1"], ["job", "spring"], ["day", "2026-11-23"], ["month", "2026-11"], ["sku", "SKU-5-stalled"], ["by:campaign", "x"]]','run-1',NULL,1795377610.0,1795377610.0,NULL,NULL,'task-5',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "attempt" VALUES(7,1,'SKU-6-vanished','main',1,1,'vanished','request-6','v1:6','vidu2-image',1250,'CNY','{"prompt": "spins"}','[["run", "run-1"], ["job", "spring"], ["day", "2026-11-23"], ["month", "2026-11"], ["sku", "SKU-6-vanished"], ["by:campaign", "x"]]','run-1',NULL,1795377613.0,1795377613.0,NULL,NULL,'task-6',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "attempt" VALUES(8,1,'SKU-7-failed','main',1,1,'failed','request-7','v1:7','vidu2-image',1250,'CNY','{"prompt": "spins"}','[["run", "run-1"], ["job", "spring"], ["day", "2026-11-23"], ["month", "2026-11"], ["sku", "SKU-7-failed"], ["by:campaign", "x"]]','run-1',NULL,1795377616.0,1795377616.0,NULL,NULL,'task-7',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "attempt" VALUES(9,1,'SKU-8-succeeded','main',1,1,'succeeded','request-8','v1:8','vidu2-image',1250,'CNY','{"prompt": "spins"}','[["run", "run-1"], ["job", "spring"], ["day", "2026-11-23"], ["month", "2026-11"], ["sku", "SKU-8-succeeded"], ["by:campaign", "x"]]','run-1',NULL,1795377619.0,1795377619.0,1795377660.0,NULL,'task-8',NULL,NULL,'https://files.example/8.mp4',NULL,1795464020.0,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "attempt" VALUES(10,1,'SKU-9-verified','main',1,1,'verified','request-9','v1:9','vidu2-image',1250,'CNY','{"prompt": "spins"}','[["run", "run-1"], ["job", "spring"], ["day", "2026-11-23"], ["month", "2026-11"], ["sku", "SKU-9-verified"], ["by:campaign", "x"]]','run-1',NULL,1795377622.0,1795377622.0,1795377663.0,NULL,'task-9',NULL,NULL,'https://files.example/9.mp4',NULL,1795464023.0,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "attempt" VALUES(11,1,'SKU-10-saved','main',1,1,'saved','request-10','v1:10','vidu2-image',1250,'CNY','{"prompt": "spins"}','[["run", "run-1"], ["job", "spring"], ["day", "2026-11-23"], ["month", "2026-11"], ["sku", "SKU-10-saved"], ["by:campaign", "x"]]','run-1',NULL,1795377626.0,1795377626.0,1795377667.0,NULL,'task-10',NULL,NULL,'https://files.example/10.mp4',NULL,1795464027.0,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "attempt" VALUES(12,1,'SKU-11-expired','main',1,1,'expired','request-11','v1:11','vidu2-image',1250,'CNY','{"prompt": "spins"}','[["run", "run-1"], ["job", "spring"], ["day", "2026-11-23"], ["month", "2026-11"], ["sku", "SKU-11-expired"], ["by:campaign", "x"]]','run-1',NULL,1795377631.0,1795377631.0,1795377672.0,NULL,'task-11',NULL,NULL,'https://files.example/11.mp4',NULL,1795464032.0,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "attempt" VALUES(13,1,'SKU-12-paid_no_result','main',1,1,'paid_no_result','request-12','v1:12','vidu2-image',1250,'CNY','{"prompt": "spins"}','[["run", "run-1"], ["job", "spring"], ["day", "2026-11-23"], ["month", "2026-11"], ["sku", "SKU-12-paid_no_result"], ["by:campaign", "x"]]','run-1',NULL,1795377635.0,1795377635.0,1795377676.0,NULL,'task-12',NULL,NULL,'https://files.example/12.mp4',NULL,1795464036.0,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "attempt" VALUES(14,1,'SKU-13-declared_unpaid','main',1,1,'declared_unpaid','request-13','v1:13','vidu2-image',1250,'CNY','{"prompt": "spins"}','[["run", "run-1"], ["job", "spring"], ["day", "2026-11-23"], ["month", "2026-11"], ["sku", "SKU-13-declared_unpaid"], ["by:campaign", "x"]]','run-1',NULL,1795377639.0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "attempt" VALUES(15,1,'SKU-14-written_off','main',1,1,'written_off','request-14','v1:14','vidu2-image',1250,'CNY','{"prompt": "spins"}','[["run", "run-1"], ["job", "spring"], ["day", "2026-11-23"], ["month", "2026-11"], ["sku", "SKU-14-written_off"], ["by:campaign", "x"]]','run-1',NULL,1795377642.0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE event (
    seq INTEGER PRIMARY KEY,
    attempt_id INTEGER NOT NULL REFERENCES attempt,
    at REAL NOT NULL,
    old TEXT NOT NULL, new TEXT NOT NULL,
    reason TEXT NOT NULL
) STRICT;
INSERT INTO "event" VALUES(1,2,1795377603.0,'intent','unknown','');
INSERT INTO "event" VALUES(2,3,1795377605.0,'intent','rejected','');
INSERT INTO "event" VALUES(3,4,1795377607.0,'intent','refused','');
INSERT INTO "event" VALUES(4,5,1795377609.0,'intent','accepted','');
INSERT INTO "event" VALUES(5,6,1795377611.0,'intent','accepted','');
INSERT INTO "event" VALUES(6,6,1795377612.0,'accepted','stalled','');
INSERT INTO "event" VALUES(7,7,1795377614.0,'intent','accepted','');
INSERT INTO "event" VALUES(8,7,1795377615.0,'accepted','vanished','');
INSERT INTO "event" VALUES(9,8,1795377617.0,'intent','accepted','');
INSERT INTO "event" VALUES(10,8,1795377618.0,'accepted','failed','');
INSERT INTO "event" VALUES(11,9,1795377620.0,'intent','accepted','');
INSERT INTO "event" VALUES(12,9,1795377621.0,'accepted','succeeded','');
INSERT INTO "event" VALUES(13,10,1795377623.0,'intent','accepted','');
INSERT INTO "event" VALUES(14,10,1795377624.0,'accepted','succeeded','');
INSERT INTO "event" VALUES(15,10,1795377625.0,'succeeded','verified','');
INSERT INTO "event" VALUES(16,11,1795377627.0,'intent','accepted','');
INSERT INTO "event" VALUES(17,11,1795377628.0,'accepted','succeeded','');
INSERT INTO "event" VALUES(18,11,1795377629.0,'succeeded','verified','');
INSERT INTO "event" VALUES(19,11,1795377630.0,'verified','saved','');
INSERT INTO "event" VALUES(20,12,1795377632.0,'intent','accepted','');
INSERT INTO "event" VALUES(21,12,1795377633.0,'accepted','succeeded','');
INSERT INTO "event" VALUES(22,12,1795377634.0,'succeeded','expired','');
INSERT INTO "event" VALUES(23,13,1795377636.0,'intent','accepted','');
INSERT INTO "event" VALUES(24,13,1795377637.0,'accepted','succeeded','');
INSERT INTO "event" VALUES(25,13,1795377638.0,'succeeded','paid_no_result','');
INSERT INTO "event" VALUES(26,14,1795377640.0,'intent','unknown','');
INSERT INTO "event" VALUES(27,14,1795377641.0,'unknown','declared_unpaid','');
INSERT INTO "event" VALUES(28,15,1795377643.0,'intent','unknown','');
INSERT INTO "event" VALUES(29,15,1795377644.0,'unknown','written_off','');
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO "meta" VALUES('epoch','3');
INSERT INTO "meta" VALUES('state_id','04a18e7be7274c1f8499f5dc5bcf3a32');
CREATE TABLE move (old TEXT NOT NULL, new TEXT NOT NULL, PRIMARY KEY (old, new))
    STRICT, WITHOUT ROWID;
INSERT INTO "move" VALUES('accepted','failed');
INSERT INTO "move" VALUES('accepted','stalled');
INSERT INTO "move" VALUES('accepted','succeeded');
INSERT INTO "move" VALUES('accepted','vanished');
INSERT INTO "move" VALUES('declared_unpaid','written_off');
INSERT INTO "move" VALUES('failed','refused');
INSERT INTO "move" VALUES('failed','written_off');
INSERT INTO "move" VALUES('intent','accepted');
INSERT INTO "move" VALUES('intent','refused');
INSERT INTO "move" VALUES('intent','rejected');
INSERT INTO "move" VALUES('intent','unknown');
INSERT INTO "move" VALUES('refused','written_off');
INSERT INTO "move" VALUES('saved','succeeded');
INSERT INTO "move" VALUES('stalled','failed');
INSERT INTO "move" VALUES('stalled','succeeded');
INSERT INTO "move" VALUES('stalled','vanished');
INSERT INTO "move" VALUES('stalled','written_off');
INSERT INTO "move" VALUES('succeeded','expired');
INSERT INTO "move" VALUES('succeeded','paid_no_result');
INSERT INTO "move" VALUES('succeeded','succeeded');
INSERT INTO "move" VALUES('succeeded','verified');
INSERT INTO "move" VALUES('unknown','accepted');
INSERT INTO "move" VALUES('unknown','declared_unpaid');
INSERT INTO "move" VALUES('unknown','unknown');
INSERT INTO "move" VALUES('unknown','written_off');
INSERT INTO "move" VALUES('vanished','accepted');
INSERT INTO "move" VALUES('vanished','declared_unpaid');
INSERT INTO "move" VALUES('vanished','failed');
INSERT INTO "move" VALUES('vanished','succeeded');
INSERT INTO "move" VALUES('vanished','written_off');
INSERT INTO "move" VALUES('verified','saved');
INSERT INTO "move" VALUES('verified','succeeded');
CREATE TABLE order_clip (
    order_id INTEGER NOT NULL REFERENCES purchase_order,
    sku TEXT NOT NULL, variant TEXT NOT NULL, take INTEGER NOT NULL,
    after_attempt INTEGER NOT NULL,
    PRIMARY KEY (order_id, sku, variant, take)
) STRICT, WITHOUT ROWID;
INSERT INTO "order_clip" VALUES(1,'SKU-0-intent','main',1,15);
CREATE TABLE purchase_order (
    id INTEGER PRIMARY KEY,
    job TEXT NOT NULL,
    account_id INTEGER NOT NULL REFERENCES account,
    kind TEXT NOT NULL,
    created_at REAL NOT NULL
) STRICT;
INSERT INTO "purchase_order" VALUES(1,'spring',1,'failed',1795377645.0);
CREATE TABLE purse (
    account_id INTEGER NOT NULL REFERENCES account,
    kind TEXT NOT NULL, key TEXT NOT NULL,
    reserved_milli INTEGER NOT NULL DEFAULT 0 CHECK (reserved_milli >= 0),
    at_risk_milli INTEGER NOT NULL DEFAULT 0 CHECK (at_risk_milli >= 0),
    spent_milli INTEGER NOT NULL DEFAULT 0 CHECK (spent_milli >= 0),
    PRIMARY KEY (account_id, kind, key)
) STRICT, WITHOUT ROWID;
INSERT INTO "purse" VALUES(1,'by:campaign','x',3750,3750,7500);
INSERT INTO "purse" VALUES(1,'day','2026-11-23',3750,3750,7500);
INSERT INTO "purse" VALUES(1,'job','spring',3750,3750,7500);
INSERT INTO "purse" VALUES(1,'month','2026-11',3750,3750,7500);
INSERT INTO "purse" VALUES(1,'run','run-1',3750,3750,7500);
INSERT INTO "purse" VALUES(1,'sku','SKU-0-intent',1250,0,0);
INSERT INTO "purse" VALUES(1,'sku','SKU-1-unknown',0,1250,0);
INSERT INTO "purse" VALUES(1,'sku','SKU-10-saved',0,0,1250);
INSERT INTO "purse" VALUES(1,'sku','SKU-11-expired',0,0,1250);
INSERT INTO "purse" VALUES(1,'sku','SKU-12-paid_no_result',0,0,1250);
INSERT INTO "purse" VALUES(1,'sku','SKU-13-declared_unpaid',0,0,0);
INSERT INTO "purse" VALUES(1,'sku','SKU-14-written_off',0,0,1250);
INSERT INTO "purse" VALUES(1,'sku','SKU-2-rejected',0,0,0);
INSERT INTO "purse" VALUES(1,'sku','SKU-3-refused',0,0,0);
INSERT INTO "purse" VALUES(1,'sku','SKU-4-accepted',1250,0,0);
INSERT INTO "purse" VALUES(1,'sku','SKU-5-stalled',1250,0,0);
INSERT INTO "purse" VALUES(1,'sku','SKU-6-vanished',0,1250,0);
INSERT INTO "purse" VALUES(1,'sku','SKU-7-failed',0,1250,0);
INSERT INTO "purse" VALUES(1,'sku','SKU-8-succeeded',0,0,1250);
INSERT INTO "purse" VALUES(1,'sku','SKU-9-verified',0,0,1250);
CREATE TABLE run (
    id TEXT PRIMARY KEY,
    job TEXT NOT NULL,
    account_id INTEGER NOT NULL REFERENCES account,
    output TEXT NOT NULL,
    budget_milli INTEGER,
    started_at REAL NOT NULL, ended_at REAL,
    exit_code INTEGER, stopped TEXT
) STRICT;
INSERT INTO "run" VALUES('run-1','spring',1,'/shop/out',50000,1795377600.0,1795377646.0,3,NULL);
CREATE INDEX run_by_job ON run (job, account_id, started_at);
CREATE INDEX attempt_by_order ON attempt (order_id) WHERE order_id IS NOT NULL;
CREATE INDEX attempt_unfinished ON attempt (account_id, state) WHERE state IN
    ('intent', 'unknown', 'accepted', 'stalled', 'vanished', 'succeeded', 'verified');
CREATE INDEX event_by_attempt ON event (attempt_id);
CREATE TRIGGER attempt_starts_as_intent BEFORE INSERT ON attempt
    WHEN NEW.state <> 'intent'
    BEGIN SELECT RAISE(ABORT, 'illegal transition: an attempt starts as intent'); END;
CREATE TRIGGER attempt_moves_legally BEFORE UPDATE OF state ON attempt
    WHEN NOT EXISTS (SELECT 1 FROM move WHERE old = OLD.state AND new = NEW.state)
    BEGIN SELECT RAISE(ABORT, 'illegal transition'); END;
CREATE TRIGGER attempt_price_is_frozen
    BEFORE UPDATE OF price_milli, currency, request_id, fingerprint ON attempt
    BEGIN SELECT RAISE(ABORT, 'the price and identity of an attempt are frozen'); END;
CREATE TRIGGER attempt_stays BEFORE DELETE ON attempt
    BEGIN SELECT RAISE(ABORT, 'attempts are never deleted'); END;
COMMIT;
PRAGMA application_id = 1111975278;
PRAGMA user_version = 3;
