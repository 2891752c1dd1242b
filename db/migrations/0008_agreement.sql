CREATE TABLE "capability_change" (
	"change" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "capability_change_change_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"domain" text NOT NULL,
	"valid_from" date NOT NULL,
	"frequencies" text[] NOT NULL,
	"reason" text NOT NULL,
	"added_at" timestamp with time zone DEFAULT now() NOT NULL,
	"added_by" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "price_list" (
	"valid_from" date PRIMARY KEY NOT NULL,
	"joining_fee" numeric(12, 2) NOT NULL,
	"rates" jsonb NOT NULL,
	"factors" jsonb NOT NULL,
	"inhabitants" jsonb NOT NULL,
	"source" text NOT NULL,
	"added_at" timestamp with time zone DEFAULT now() NOT NULL,
	"added_by" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "subscription" (
	"municipality_code" text NOT NULL,
	"subscription_id" uuid NOT NULL,
	"domain" text NOT NULL,
	"starts_on" date NOT NULL,
	"commitment_months" integer NOT NULL,
	"renewal_months" integer,
	"notice_months" integer NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "subscription_municipality_code_subscription_id_pk" PRIMARY KEY("municipality_code","subscription_id")
);
--> statement-breakpoint
CREATE TABLE "subscription_event" (
	"municipality_code" text NOT NULL,
	"subscription_id" uuid NOT NULL,
	"number" integer NOT NULL,
	"domain" text NOT NULL,
	"kind" text NOT NULL,
	"day" date NOT NULL,
	"terms" jsonb,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"client_id" text NOT NULL,
	"mandate_id" uuid,
	CONSTRAINT "subscription_event_municipality_code_subscription_id_number_pk" PRIMARY KEY("municipality_code","subscription_id","number"),
	CONSTRAINT "terms_are_proposed_or_changed" CHECK (("subscription_event"."kind" in ('proposed', 'changed')) = ("subscription_event"."terms" is not null))
);
--> statement-breakpoint
ALTER TABLE "subscription_event" ADD CONSTRAINT "subscription_event_municipality_code_subscription_id_subscription_municipality_code_subscription_id_fk" FOREIGN KEY ("municipality_code","subscription_id") REFERENCES "public"."subscription"("municipality_code","subscription_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "capability_change_domain" ON "capability_change" USING btree ("domain","valid_from");--> statement-breakpoint
CREATE INDEX "subscription_created" ON "subscription" USING btree ("municipality_code","created_at","subscription_id");
--> statement-breakpoint
-- The first price list. Joining fee and rate are the real ones of FLIS since 1 June 2012; the factors are a proposal. Inhabitants: Statistics Denmark, 1 January 2026.
INSERT INTO price_list (valid_from, joining_fee, rates, factors, inhabitants, source, added_by) VALUES (
  '2012-06-01', 300000.00,
  '{"borger": "1.50", "oekonomi": "1.50", "skole": "1.50"}',
  '{"monthly": "1", "weekly": "1.25", "daily": "1.5"}',
  '{
  "101": 671714, "147": 106150, "151": 53950, "153": 40990, "155": 14474, "157": 75106, "159": 71185, "161": 25834, "163": 32030, "165": 29262, "167": 54228, "169": 60458,
  "173": 58614, "175": 45138, "183": 24685, "185": 44214, "187": 18689, "190": 42874, "201": 26496, "210": 42445, "217": 64244, "219": 55182, "223": 25354, "230": 57912,
  "240": 46240, "250": 47450, "253": 54120, "259": 63962, "260": 31738, "265": 92697, "269": 25040, "270": 41787, "306": 31988, "316": 75009, "320": 38143, "326": 47954,
  "329": 36010, "330": 80959, "336": 23842, "340": 30853, "350": 29879, "360": 38533, "370": 85163, "376": 59119, "390": 44831, "400": 38677, "410": 40625, "420": 40369,
  "430": 52328, "440": 24299, "450": 32401, "461": 213168, "479": 60027, "480": 29179, "482": 11841, "492": 5766, "510": 55218, "530": 27200, "540": 74123, "550": 36174,
  "561": 114947, "563": 3332, "573": 49468, "575": 42641, "580": 58405, "607": 52939, "615": 98806, "621": 96214, "630": 123250, "657": 90546, "661": 59324, "665": 18596,
  "671": 20122, "706": 44394, "707": 36477, "710": 49773, "727": 24310, "730": 100564, "740": 102753, "741": 3617, "746": 66352, "751": 378361, "756": 43305, "760": 55405,
  "766": 48578, "773": 19344, "779": 44104, "787": 42572, "791": 97874, "810": 36529, "813": 57523, "820": 35632, "825": 1683, "840": 31280, "846": 41541, "849": 37998,
  "851": 226033, "860": 62979, "999": 12000
}',
  'Joining fee and rates: the prices of FLIS since 1 June 2012 (300 000 kr.; 1.50 kr. per citizen per area per year). Factors of frequencies: a proposal. Inhabitants: Statistics Denmark, 1 January 2026.',
  'migrate'
);
