"""Scores carriers from 0 (on time) to 100: usual delay, and worst day less what weather excuses."""

USUAL_DELAY_AT_100 = 30
WORST_DAY_AT_100 = 300


def main(params, input_payload):
    if not input_payload:
        raise ValueError(
            "input_payload needs carriers, days and weather, as worst-carriers-report gives them"
        )
    days = {row["carrier"]: row for row in input_payload["days"]}
    weather = {(row["origin"], row["day"]): row for row in input_payload["weather"]}
    discount = params.get("weather_discount", 0.5)
    scored = []
    for carrier in input_payload["carriers"]:
        day = days.get(carrier["carrier"], {})
        sky = weather.get((day.get("origin"), day.get("flight_date")), {})
        excuse = badness(sky)
        usual = share(carrier["avg_arr_delay"], USUAL_DELAY_AT_100)
        worst = share(day.get("avg_arr_delay"), WORST_DAY_AT_100) * (1 - discount * excuse)
        scored.append(
            {
                "carrier": carrier["carrier"],
                "airline": carrier["airline"],
                "avg_arr_delay": carrier["avg_arr_delay"],
                "worst_day": day.get("flight_date"),
                "worst_day_delay": day.get("avg_arr_delay"),
                "weather_excuse": round(excuse, 2),
                "score": round(70 * usual + 30 * worst, 1),
            }
        )
    print(f"scored {len(scored)} carriers")
    return sorted(scored, key=lambda row: row["score"], reverse=True)


def badness(sky):
    """From 0 (clear and calm) to 1 (no visibility, a storm, or an inch of rain)."""
    visibility = sky.get("min_visibility_miles")
    blind = 0 if visibility is None else 1 - visibility / 10
    windy = (sky.get("max_wind_mph") or 0) / 50
    wet = sky.get("precip_inches") or 0
    return min(1, max(blind, windy, wet))


def share(value, at_full):
    return min(1, max(0, value or 0) / at_full)
