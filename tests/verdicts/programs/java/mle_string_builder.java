public class Main {
    public static void main(String[] arguments) {
        StringBuilder text = new StringBuilder("x");
        while (true) text.append(text);
    }
}
