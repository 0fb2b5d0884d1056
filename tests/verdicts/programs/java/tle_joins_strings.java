public class Main {
    public static void main(String[] arguments) {
        String text = "";
        for (int i = 0; i < 10_000_000; i++) text = text.length() > 100_000 ? "" : text + "x";
        System.out.println(text.length());
    }
}
