CREATE TABLE "event" (
	"municipality_code" text NOT NULL,
	"sequence" bigint NOT NULL,
	"event_id" uuid NOT NULL,
	"type" text NOT NULL,
	"domain" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"data" jsonb NOT NULL,
	CONSTRAINT "event_municipality_code_sequence_pk" PRIMARY KEY("municipality_code","sequence")
);
--> statement-breakpoint
CREATE TABLE "event_counter" (
	"municipality_code" text NOT NULL,
	"last" bigint NOT NULL,
	"gone_until" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "event_counter_municipality_code_pk" PRIMARY KEY("municipality_code")
);
--> statement-breakpoint
CREATE TABLE "nationwide_event" (
	"event_id" uuid PRIMARY KEY NOT NULL,
	"type" text NOT NULL,
	"domain" text NOT NULL,
	"data" jsonb NOT NULL,
	"written_at" timestamp with time zone DEFAULT now() NOT NULL,
	"distributed_at" timestamp with time zone
);
--> statement-breakpoint
CREATE UNIQUE INDEX "event_id" ON "event" USING btree ("municipality_code","event_id");--> statement-breakpoint
CREATE INDEX "event_at" ON "event" USING btree ("municipality_code","at");--> statement-breakpoint
CREATE INDEX "nationwide_event_waiting" ON "nationwide_event" USING btree ("written_at") WHERE distributed_at is null;