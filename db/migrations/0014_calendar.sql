CREATE TABLE "calendar_feed" (
	"municipality_code" text NOT NULL,
	"feed_id" text NOT NULL,
	"name" text NOT NULL,
	"sha256" "bytea" NOT NULL,
	"domains" text[],
	"client_id" text NOT NULL,
	"mandate_id" uuid,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"revoked_at" timestamp with time zone,
	"last_used_at" timestamp with time zone,
	CONSTRAINT "calendar_feed_municipality_code_feed_id_pk" PRIMARY KEY("municipality_code","feed_id")
);
